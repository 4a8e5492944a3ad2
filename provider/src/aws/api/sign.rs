//! Signatures (version 4) of calls.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;

/// What is signed: a call with these headers and this body.
pub(super) struct Unsigned<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) headers: &'a [(&'static str, String)],
    pub(super) body: &'a [u8],
    /// Whether the path is an object's name, and the body is under the signature by a header: as S3 wants it.
    pub(super) is_storage: bool,
}

/// The headers that prove who calls `service` in `region`; `None` when the call cannot be signed.
pub(super) fn headers(
    call: &Unsigned<'_>,
    credentials: &Credentials,
    (service, region): (&str, &str),
    time: SystemTime,
) -> Option<Vec<(&'static str, String)>> {
    let identity = credentials.clone().into();
    let mut settings = SigningSettings::default();
    if call.is_storage {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(time)
        .settings(settings)
        .build()
        .ok()?;
    let headers = call.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let signable = SignableRequest::new(call.method, call.url, headers, SignableBody::Bytes(call.body)).ok()?;
    let (instructions, _) = sign(signable, &parameters.into()).ok()?.into_parts();
    let (headers, _) = instructions.into_parts();
    Some(headers.into_iter().map(|header| (header.name(), header.value().to_owned())).collect())
}
