//! A stack as a type: Terraform's schema belongs to a type, and each cloud has its own.

use std::marker::PhantomData;
use std::ops::Deref;

use tfplugin::{Diagnostics, Dynamic, Object, ObjectSchema, Path};

use super::cloud::Cloud;
use super::model::Stack;

/// The stacks of one cloud.
pub trait StackType: Send + Sync + 'static {
    /// The cloud.
    fn cloud() -> &'static dyn Cloud;
}

/// The body of a stack of one cloud.
pub struct StackBody<T> {
    stack: Stack,
    cloud: PhantomData<fn() -> T>,
}

impl<T> From<Stack> for StackBody<T> {
    fn from(stack: Stack) -> Self {
        Self { stack, cloud: PhantomData }
    }
}

impl<T> StackBody<T> {
    /// The stack without its type.
    pub fn into_stack(self) -> Stack {
        self.stack
    }
}

impl<T> Deref for StackBody<T> {
    type Target = Stack;

    fn deref(&self) -> &Stack {
        &self.stack
    }
}

impl<T> Clone for StackBody<T> {
    fn clone(&self) -> Self {
        self.stack.clone().into()
    }
}

impl<T> std::fmt::Debug for StackBody<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.stack.fmt(f)
    }
}

impl<T> PartialEq for StackBody<T> {
    fn eq(&self, other: &Self) -> bool {
        self.stack == other.stack
    }
}

impl<T: StackType> Object for StackBody<T> {
    fn schema() -> ObjectSchema {
        T::cloud().layout().body().clone()
    }

    fn decode(value: &Dynamic, _: &Path, _: &mut Diagnostics) -> Option<Self> {
        Some(Stack::of_tree(T::cloud().layout(), value.clone()).into())
    }

    fn encode(&self) -> Dynamic {
        self.stack.tree().clone()
    }
}
