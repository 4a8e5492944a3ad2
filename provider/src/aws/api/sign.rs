//! Signatures (version 4) of calls.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

/// What is signed: a POST with these headers and this body.
pub(super) struct Unsigned<'a> {
    pub(super) url: &'a str,
    pub(super) headers: &'a [(&'static str, String)],
    pub(super) body: &'a [u8],
}

/// The headers that prove who calls `service` in `region`; `None` when the call cannot be signed.
pub(super) fn headers(
    call: &Unsigned<'_>,
    credentials: &Credentials,
    (service, region): (&str, &str),
    time: SystemTime,
) -> Option<Vec<(&'static str, String)>> {
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .ok()?;
    let headers = call.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let signable = SignableRequest::new("POST", call.url, headers, SignableBody::Bytes(call.body)).ok()?;
    let (instructions, _) = sign(signable, &parameters.into()).ok()?.into_parts();
    let (headers, _) = instructions.into_parts();
    Some(headers.into_iter().map(|header| (header.name(), header.value().to_owned())).collect())
}
