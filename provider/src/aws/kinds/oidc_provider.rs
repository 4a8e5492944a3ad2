//! Identity providers that speak OpenID Connect, such as GitHub's.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::try_join_all;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use crate::aws::api::{ApiError, Found, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{iam, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, Labels, ScalarCodec, Unordered, wire};
use crate::engine::scope::Scope;
use crate::engine::wire;

/// The kind.
pub(super) struct OidcProvider;

const ARN: &str = "arn:{partition}:iam::{account}:oidc-provider/{name}";
const SCHEME: &str = "https://";
const CLIENTS: &str = "ClientIDList";
const THUMBPRINTS: &str = "ThumbprintList";
/// IAM answers without the scheme.
const URL: ScalarCodec = ScalarCodec { write: write_url, read: read_url };

fn bare(url: &str) -> &str {
    url.strip_prefix(SCHEME).unwrap_or(url).trim_end_matches('/')
}

fn write_url(value: &Dynamic) -> Json {
    value.as_str().map_or(Json::Null, |url| Json::String(format!("{SCHEME}{}", bare(url))))
}

fn read_url(json: &Json) -> Dynamic {
    json.as_str().map_or(Dynamic::Null, |url| Dynamic::String(format!("{SCHEME}{}", bare(url))))
}

/// Identity providers with OpenID Connect, whose tokens roles can trust, by KEY.
#[derive(Object, Clone)]
pub(super) struct OidcProviderSpec {
    /// Where the provider is: `https://token.actions.githubusercontent.com`. Immutable.
    #[tf(required, ext(wire("Url").codec(URL), Immutable))]
    url: Value<String>,
    /// For whom the tokens may be: `sts.amazonaws.com`.
    #[tf(required, ext(wire(CLIENTS)))]
    client_ids: Value<BTreeSet<String>>,
    /// The digests of the provider's certificates. When absent IAM finds them out, and they stay as they are.
    #[tf(optional, computed, ext(wire(THUMBPRINTS), Unordered))]
    thumbprints: Value<Vec<String>>,
    /// Tags of this provider, over those of the provider block and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The provider's ARN.
    #[tf(computed)]
    arn: Value<String>,
}

impl Declared for OidcProvider {
    type Spec = OidcProviderSpec;
    const NAME: &'static str = "oidc_providers";
    const NOUN: &'static str = "identity provider";

    fn validate(&self, spec: &OidcProviderSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(url) = spec.url.known().filter(|url| !url.starts_with(SCHEME) || bare(url).is_empty()) {
            let detail = format!("{url:?} is not where an identity provider can be. Write it as https://HOST.");
            diagnostics
                .push(Diagnostic::error("Invalid URL of an identity provider", detail).at(path.attribute("url")));
        }
    }
}

impl Kind for OidcProvider {
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = self.object_name(component);
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, &name)))).into_iter().collect()
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["CreateDate"]
    }
}

async fn at(resource: &str, run: Run<'_>) -> Result<Option<Json>, ApiError> {
    let asked = json!({ "OpenIDConnectProviderArn": resource });
    let Some(mut provider) = iam::call("GetOpenIDConnectProvider", asked, run).await.found()? else { return Ok(None) };
    let found = tags::of_pairs(&provider["Tags"]);
    if let Some(fields) = provider.as_object_mut() {
        fields.remove("Tags");
    }
    tags::put(&mut provider, found);
    Ok(Some(provider))
}

fn texts(body: &Json, field: &str) -> BTreeSet<String> {
    let items = body[field].as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

#[async_trait]
impl Api for OidcProvider {
    fn service(&self) -> Service {
        Service::IAM
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "iam:AddClientIDToOpenIDConnectProvider",
            "iam:CreateOpenIDConnectProvider",
            "iam:DeleteOpenIDConnectProvider",
            "iam:GetOpenIDConnectProvider",
            "iam:RemoveClientIDFromOpenIDConnectProvider",
            "iam:TagOpenIDConnectProvider",
            "iam:UntagOpenIDConnectProvider",
            "iam:UpdateOpenIDConnectProviderThumbprint",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        bare(wire::text(body, "Url"))
    }

    fn object_name(&self, component: &Dynamic) -> Option<String> {
        component.get("url").as_str().map(|url| bare(url).to_owned())
    }

    async fn read(&self, name: &str, _: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        at(&arn(ARN, &run.scope.place, name), run).await
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let providers = iam::all("ListOpenIDConnectProviders", "OpenIDConnectProviderList", json!({}), run).await?;
        let found = try_join_all(providers.iter().map(|provider| at(wire::text(provider, "Arn"), run))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let wanted = json!({
            "Url": body["Url"],
            CLIENTS: body.get(CLIENTS),
            THUMBPRINTS: body.get(THUMBPRINTS),
            "Tags": tags::pairs(&tags::of(body)),
        });
        iam::call("CreateOpenIDConnectProvider", wanted, run).await.map(drop)
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let resource = arn(ARN, &run.scope.place, self.name_of(before));
        let resource = resource.as_str();
        if changed.has(CLIENTS) {
            let (was, is) = (texts(before, CLIENTS), texts(after, CLIENTS));
            for (action, client) in is
                .difference(&was)
                .map(|client| ("AddClientIDToOpenIDConnectProvider", client))
                .chain(was.difference(&is).map(|client| ("RemoveClientIDFromOpenIDConnectProvider", client)))
            {
                iam::call(action, json!({ "OpenIDConnectProviderArn": resource, "ClientID": client }), run).await?;
            }
        }
        if changed.has(THUMBPRINTS) {
            let wanted = json!({ "OpenIDConnectProviderArn": resource, THUMBPRINTS: after.get(THUMBPRINTS) });
            iam::call("UpdateOpenIDConnectProviderThumbprint", wanted, run).await?;
        }
        let change = tags::Change::between(before, after);
        let actions = ("TagOpenIDConnectProvider", "UntagOpenIDConnectProvider");
        iam::retag(actions, ("OpenIDConnectProviderArn", resource), &change, run).await
    }

    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let resource = arn(ARN, &run.scope.place, name);
        iam::call("DeleteOpenIDConnectProvider", json!({ "OpenIDConnectProviderArn": resource }), run).await.map(drop)
    }
}
