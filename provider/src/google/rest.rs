//! How the API of a kind is reached: a declaration that the generic calls follow.

use serde_json::Value as Json;

use super::api::Host;

/// The shape of a REST collection.
#[derive(Clone, Debug)]
pub struct Rest {
    /// The API: `run.googleapis.com`. It is also the service to enable.
    pub host: Host,
    /// The version that precedes a full name in paths: `v2`.
    pub version: &'static str,
    /// The collection below the version: `projects/{project}/locations/{location}/services`.
    pub collection: &'static str,
    /// Where the items of a list answer are.
    pub items: &'static str,
    /// Query parameters of calls on one object.
    pub query: &'static [(&'static str, &'static str)],
    /// Query parameters of calls on the collection (lists and creations of objects named in the body); `{project}` is
    /// filled in.
    pub list_query: &'static [(&'static str, &'static str)],
    /// The parameter that sets a page's size, and its value; 0 where lists have no pages.
    pub page_size: (&'static str, u32),
    /// How an object gets its name.
    pub naming: Naming,
    /// How an object is changed.
    pub update: Update,
    /// Which writes answer with a long-running operation.
    pub operations: Operations,
    /// The IAM policy of an object, where the API has one.
    pub iam: Option<IamStyle>,
    /// Google's full resource name: `//run.googleapis.com/{name}`, where `{name}` is the object's relative name.
    pub full_name: &'static str,
}

/// How an object gets its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The creation names it in a query parameter.
    Query(&'static str),
    /// The creation puts it at its own path (topics).
    Put,
    /// The creation names it somewhere in the body: the kind's `before_create` writes it (service accounts).
    Inside,
    /// The creation names it in the body's `name`, and its path is the collection and the name (buckets).
    Body,
    /// The server gives it a name: the component's `id` is its relative name.
    Server,
}

/// How an object is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// PATCH with `updateMask`; the body may carry the etag.
    Mask {
        /// Whether the read `etag` is sent along.
        etag: bool,
    },
    /// PATCH with the object in this field of the body, and the mask beside it in `updateMask` (service accounts, topics).
    Wrapped(&'static str),
    /// PATCH that merges, null removes; `ifMetagenerationMatch` guards it (buckets).
    Merge,
}

/// Which writes answer with a long-running operation, polled at `VERSION/NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Operations {
    /// Creation.
    pub create: bool,
    /// Change.
    pub update: bool,
    /// Deletion.
    pub delete: bool,
}

/// How the IAM policy of an object is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IamStyle {
    /// `GET NAME:getIamPolicy?options.requestedPolicyVersion=3`, `POST NAME:setIamPolicy`.
    Verbs,
    /// `POST NAME:getIamPolicy` with the options in the body (projects).
    PostVerbs,
    /// The same with the options in the query, since a body is refused (service accounts).
    PostVerbsWithoutBody,
    /// `GET` and `PUT NAME/iam` (buckets).
    Storage,
}

/// An update to be sent.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// The whole object as it should be: what was read, with the managed changes in it.
    pub body: Json,
    /// The paths that changed, in camel case.
    pub mask: Vec<String>,
}
