//! Target proxies: what a forwarding rule sends to, with the URL map behind it and, for HTTPS, the certificates.
//! Recorded in `compute-global-lb` and `compute-target-https-proxy`.

use serde_json::{Value, json};

use super::link;
use super::resource::{self, Changes, Resource, stamp};
use crate::call::{Call, Outcome};
use crate::error::ApiError;
use crate::json::Object;
use crate::route::Api;

/// A kind of proxy.
pub(super) struct TargetProxy {
    template: &'static str,
    kind: &'static str,
    noun: &'static str,
    is_https: bool,
}

/// Of HTTP.
pub(super) const HTTP: TargetProxy = TargetProxy {
    template: "/compute/v1/projects/{project}/global/targetHttpProxies/{targetHttpProxy}",
    kind: "compute#targetHttpProxy",
    noun: "target_http_proxy",
    is_https: false,
};

/// Of HTTPS.
pub(super) const HTTPS: TargetProxy = TargetProxy {
    template: "/compute/v1/projects/{project}/global/targetHttpsProxies/{targetHttpsProxy}",
    kind: "compute#targetHttpsProxy",
    noun: "target_https_proxy",
    is_https: true,
};

/// Serves the changes that have verbs of their own: those of URL map and certificates stand beside `global`.
pub(super) fn serve(api: Api) -> Api {
    api.on("POST", "/compute/v1/projects/{project}/targetHttpProxies/{proxy}/setUrlMap", |call| {
        set(call, "targetHttpProxies", "setUrlMap", &["urlMap"])
    })
    .on("POST", "/compute/v1/projects/{project}/targetHttpsProxies/{proxy}/setUrlMap", |call| {
        set(call, "targetHttpsProxies", "setUrlMap", &["urlMap"])
    })
    .on("POST", "/compute/v1/projects/{project}/targetHttpsProxies/{proxy}/setSslCertificates", |call| {
        set(call, "targetHttpsProxies", "setSslCertificates", &["sslCertificates"])
    })
    .on("POST", "/compute/v1/projects/{project}/global/targetHttpsProxies/{proxy}/setSslPolicy", |call| {
        set(call, "targetHttpsProxies", "setSslPolicy", &["sslPolicy"])
    })
    .on("POST", "/compute/v1/projects/{project}/global/targetHttpsProxies/{proxy}/setQuicOverride", |call| {
        set(call, "targetHttpsProxies", "setQuicOverride", &["quicOverride"])
    })
}

impl Resource for TargetProxy {
    fn template(&self) -> &'static str {
        self.template
    }

    fn kind(&self) -> &'static str {
        self.kind
    }

    fn noun(&self) -> &'static str {
        self.noun
    }

    fn changes(&self) -> Changes {
        Changes::Patch
    }

    fn has_fingerprint(&self) -> bool {
        true
    }

    fn prepare(&self, call: &mut Call<'_>, wanted: &mut Object, _: Option<&Value>) -> Result<(), ApiError> {
        if wanted.get("urlMap").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(link::invalid("Invalid value for field 'resource.urlMap': ''. It must be set."));
        }
        link::complete(call, wanted, &["urlMap", "sslCertificates", "sslPolicy"])?;
        if self.is_https {
            let certificates = wanted.get("sslCertificates").and_then(Value::as_array).map_or(0, Vec::len);
            if certificates == 0 && !wanted.contains_key("certificateMap") {
                return Err(link::invalid("Invalid value for field 'resource.sslCertificates': it must be set."));
            }
            if certificates > 15 {
                return Err(link::invalid("Invalid value for field 'resource.sslCertificates': at most 15."));
            }
            resource::defaults(wanted, &[("quicOverride", json!("NONE")), ("tlsEarlyData", json!("DISABLED"))]);
        }
        Ok(())
    }
}

fn set(call: &mut Call<'_>, collection: &str, verb: &str, fields: &[&str]) -> Outcome {
    let name = format!("projects/{}/global/{collection}/{}", call.param("project"), call.param("proxy"));
    let stored = call.world.get(super::HOST, &link::path(&name)).cloned();
    let mut body = stored.ok_or_else(|| link::missing(&name))?;
    let mut sent = call.body()?;
    link::complete(call, &mut sent, fields)?;
    for field in fields {
        match sent.get(*field) {
            Some(value) => body[*field] = value.clone(),
            None => body.as_object_mut().into_iter().for_each(|body| drop(body.remove(*field))),
        }
    }
    stamp(call, &mut body, "fingerprint");
    Ok(resource::keep(call, verb, &name, body))
}
