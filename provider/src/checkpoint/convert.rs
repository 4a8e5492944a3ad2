//! Between the resource's body and the stored document: through JSON, by the names that both share.
//!
//! A collection that is empty and one that is not set are the same in a document; the configuration's spelling stays.

use std::sync::LazyLock;

use mlops_phases::{Document, report};
use serde_json::{Map, Value as Json};
use tfplugin::value::json;
use tfplugin::{Diagnostics, Dynamic, Object, Path, Type};

use super::model::{Body, PhaseCheckpoint};
use super::store::StoreUrl;

/// Attributes of the resource that the document does not have.
const NOT_STORED: &[&str] = &["store", "deletion_policy", "id", "uri", "progress", "markdown"];
/// What the provider records, and no configuration sets.
const RECORDED: &[&str] = &["revision", "history", "evidence", "snapshot"];

/// Why a body and a document do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// A value of the configuration is not known.
    #[error("a value is not known yet")]
    Unknown(#[source] tfplugin::value::CodecError),
    /// The body's JSON is no document.
    #[error("the attributes do not make a document: {0}")]
    Document(#[source] serde_json::Error),
    /// The document's JSON is no body.
    #[error("the document does not fit the resource's attributes")]
    Body(#[source] tfplugin::value::CodecError),
}

/// Where a phase is kept, as its state tells it.
#[derive(Clone, Debug)]
pub struct DocumentAddress {
    /// The store.
    pub store: StoreUrl,
    /// The address of the document.
    pub uri: String,
}

fn body_type() -> &'static Type {
    static TYPE: LazyLock<Type> = LazyLock::new(|| Body::schema().type_expression());
    &TYPE
}

/// Nulls and empty collections go, at every depth.
fn meaning(value: Json) -> Option<Json> {
    match value {
        Json::Null => None,
        Json::Array(items) => {
            let items: Vec<Json> = items.into_iter().filter_map(meaning).collect();
            (!items.is_empty()).then_some(Json::Array(items))
        }
        Json::Object(entries) => {
            let entries: Map<String, Json> =
                entries.into_iter().filter_map(|(key, value)| Some((key, meaning(value)?))).collect();
            (!entries.is_empty()).then_some(Json::Object(entries))
        }
        other => Some(other),
    }
}

/// Whether two trees mean the same in a document.
pub(super) fn same(a: &Dynamic, b: &Dynamic) -> bool {
    a == b || matches!((json::to_json(a), json::to_json(b)), (Ok(a), Ok(b)) if meaning(a.clone()) == meaning(b.clone()))
}

/// The attributes that a configuration sets and a document holds.
pub(super) fn is_setting(name: &str) -> bool {
    !NOT_STORED.contains(&name) && !RECORDED.contains(&name)
}

/// The document that a body asks for: its settings, with what was recorded in `base` so far. Dates that are not known yet
/// are absent.
///
/// # Errors
/// When a setting is unknown, or a criterion has no kind or two.
pub fn document(body: &PhaseCheckpoint, base: Option<&Document>) -> Result<Document, ConvertError> {
    let tree = body.encode();
    let mut fields = Map::new();
    for (name, value) in tree.as_entries().into_iter().flatten().filter(|(name, _)| is_setting(name)) {
        if value.is_unknown() && (name == "started_at" || name == "completed_at") {
            continue;
        }
        if let Some(value) = meaning(json::to_json(value).map_err(ConvertError::Unknown)?) {
            fields.insert(name.to_string(), value);
        }
    }
    fields.insert("revision".to_owned(), base.map_or(1, |base| base.revision).into());
    let mut document: Document = serde_json::from_value(Json::Object(fields)).map_err(ConvertError::Document)?;
    if let Some(base) = base {
        document.history.clone_from(&base.history);
        document.evidence.clone_from(&base.evidence);
        document.snapshot.clone_from(&base.snapshot);
    }
    Ok(document)
}

/// The body of a document. Where `like` has another spelling of the same value, that one is kept.
///
/// # Errors
/// Never for a document that this program wrote.
pub fn body(
    document: &Document,
    place: &DocumentAddress,
    like: Option<&PhaseCheckpoint>,
) -> Result<PhaseCheckpoint, ConvertError> {
    let mut fields = match serde_json::to_value(document).map_err(ConvertError::Document)? {
        Json::Object(fields) => fields,
        _ => Map::new(),
    };
    for name in ["history", "evidence", "snapshot"] {
        let empty = if name == "history" { Json::Array(Vec::new()) } else { Json::Object(Map::new()) };
        fields.entry(name).or_insert(empty);
    }
    let texts = [
        ("store", place.store.to_string()),
        ("uri", place.uri.clone()),
        ("id", format!("{}#{}", place.store, document.phase)),
        ("markdown", report::phase_page(document)),
        ("deletion_policy", "DELETE".to_owned()),
    ];
    fields.extend(texts.map(|(name, text)| (name.to_owned(), Json::String(text))));
    fields.insert("progress".to_owned(), document.progress().into());
    let mut tree = json::from_json(body_type(), &Json::Object(fields)).map_err(ConvertError::Body)?;
    if let (Some(entries), Some(like)) = (tree.as_entries_mut(), like.map(Object::encode)) {
        for (name, value) in entries.iter_mut() {
            let other = like.get(name);
            let keeps = name == "deletion_policy" || (is_setting(name) && same(value, other));
            // The same store in another spelling.
            let keeps = keeps
                || (name == "store" && other.as_str().is_some_and(|text| text.parse() == Ok(place.store.clone())));
            if keeps && !other.is_null() && !other.is_unknown() {
                value.clone_from(other);
            }
        }
    }
    let mut diagnostics = Diagnostics::new();
    PhaseCheckpoint::decode(&tree, &Path::root(), &mut diagnostics).ok_or_else(|| {
        let problem = diagnostics.iter().map(|diagnostic| diagnostic.detail.clone()).collect::<Vec<_>>().join(" ");
        ConvertError::Document(serde::de::Error::custom(problem))
    })
}
