//! What Terraform holds of an object while a call is under way.
//!
//! When the call comes to nothing it is answered back. Until it is read it is kept as its bytes, then as the tree, which is
//! shared with whoever works on it: of a large object there is never both.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::proto::tfplugin6 as pb;
use crate::value::Dynamic;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostic, Type};

/// An object of Terraform's. Clones are the same object.
#[derive(Clone)]
pub(super) struct Held(Arc<Mutex<Form>>);

enum Form {
    Bytes(Option<pb::DynamicValue>),
    Tree(Dynamic),
}

impl Held {
    pub(super) fn new(bytes: Option<pb::DynamicValue>) -> Self {
        Self(Arc::new(Mutex::new(Form::Bytes(bytes))))
    }

    fn form(&self) -> MutexGuard<'_, Form> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object; null when there is none.
    ///
    /// # Errors
    /// When the bytes are not of that type. `what` names the object in the message.
    pub(super) fn read(&self, ty: &Type, what: &str) -> Result<Dynamic, Diagnostic> {
        let mut form = self.form();
        let tree = match &*form {
            Form::Tree(tree) => return Ok(tree.clone()),
            Form::Bytes(bytes) => from_wire::value(ty, bytes.as_ref(), what)?,
        };
        *form = Form::Tree(tree.clone());
        Ok(tree)
    }

    /// The object as it came. What was read is of type `ty`.
    pub(super) fn answer(&self, ty: Option<&Type>) -> Option<pb::DynamicValue> {
        match &*self.form() {
            Form::Bytes(bytes) => bytes.clone(),
            Form::Tree(tree) => to_wire::value(ty?, tree).ok(),
        }
    }

    /// The tree, if it was read.
    pub(super) fn tree(&self) -> Option<Dynamic> {
        match &*self.form() {
            Form::Bytes(_) => None,
            Form::Tree(tree) => Some(tree.clone()),
        }
    }
}
