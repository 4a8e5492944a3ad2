//! Where the values of a secret are kept.

use tfplugin::{Diagnostic, Diagnostics, Object, Path, Value};

use crate::engine::marks::{Unordered, wire};
use crate::google::kinds::scalars::KmsKey;
use crate::types::Location;

/// Where values are kept: `automatic`, or `user_managed` in regions of your choice.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Replication {
    /// Wherever Google chooses; `{}` says it without more.
    #[tf(optional, ext(wire("automatic")))]
    pub(super) automatic: Value<Automatic>,
    /// In these regions and nowhere else.
    #[tf(optional, ext(wire("userManaged")))]
    pub(super) user_managed: Value<UserManaged>,
}

/// Values are kept wherever Google chooses.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Automatic {
    /// The Cloud KMS key that values are encrypted with, in the location `global`. Google's own keys when absent.
    #[tf(optional, ext(wire("customerManagedEncryption.kmsKeyName")))]
    pub(super) kms_key: Value<KmsKey>,
}

/// Values are kept in the regions named.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct UserManaged {
    /// The regions, at least one.
    #[tf(required, ext(wire("replicas"), Unordered))]
    pub(super) replicas: Value<Vec<Replica>>,
}

/// A region that values are kept in.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Replica {
    /// The region: `europe-west1`.
    #[tf(required, ext(wire("location")))]
    pub(super) location: Value<Location>,
    /// The Cloud KMS key that values are encrypted with there, in the same region. Google's own keys when absent.
    #[tf(optional, ext(wire("customerManagedEncryption.kmsKeyName")))]
    pub(super) kms_key: Value<KmsKey>,
}

/// One of both, and somewhere.
pub(super) fn validate(replication: &Value<Replication>, path: &Path, diagnostics: &mut Diagnostics) {
    let Some(replication) = replication.known() else { return };
    if !replication.automatic.is_null() && !replication.user_managed.is_null() {
        let detail = "replication is automatic or user_managed, not both. Remove one of them.";
        diagnostics.push(Diagnostic::error("Two kinds of replication", detail).at(path.clone()));
    }
    let replicas = replication.user_managed.known().and_then(|managed| managed.replicas.known());
    if replicas.is_some_and(Vec::is_empty) {
        let detail = "user_managed needs at least one replica: replicas = [{ location = \"europe-west1\" }].";
        diagnostics.push(
            Diagnostic::error("No place to keep the secret", detail)
                .at(path.attribute("user_managed").attribute("replicas")),
        );
    }
}
