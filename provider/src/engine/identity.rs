//! What names a stack for good: the account or project, the region, and the stack's name, in the words of its cloud.

use std::marker::PhantomData;

use tfplugin::{Diagnostics, Dynamic, Entries, Object, ObjectSchema, Path, Value};

use super::body::StackType;
use super::model::{self, Stack};

/// The identity of a stack of one cloud.
pub struct StackIdentity<T> {
    tree: Dynamic,
    cloud: PhantomData<fn() -> T>,
}

/// The schema, with the names that all clouds could have.
#[derive(Object)]
struct Parts {
    /// The account or project.
    #[tf(required)]
    account: Value<String>,
    /// The region.
    #[tf(required)]
    region: Value<String>,
    /// The stack's name.
    #[tf(required)]
    name: Value<String>,
}

/// The attributes of an identity, in the order of [`Parts`].
fn names<T: StackType>() -> [&'static str; 3] {
    let [account, region] = T::cloud().layout().place();
    [account, region, model::NAME]
}

impl<T: StackType> StackIdentity<T> {
    /// The identity of a stack; `None` while a part of it is not known.
    pub(super) fn of(stack: &Stack) -> Option<Self> {
        let mut entries = Entries::default();
        for name in names::<T>() {
            entries.insert(name, Dynamic::string(stack.text(name)?));
        }
        Some(Self { tree: Dynamic::Object(entries), cloud: PhantomData })
    }
}

impl<T: StackType> Object for StackIdentity<T> {
    fn schema() -> ObjectSchema {
        let mut object = Parts::schema();
        let parts = [tfplugin::name!(Parts.account), tfplugin::name!(Parts.region), tfplugin::name!(Parts.name)];
        for (part, name) in parts.into_iter().zip(names::<T>()) {
            for attribute in object.attributes.iter_mut().filter(|attribute| attribute.name == part) {
                attribute.name = name.into();
            }
        }
        object
    }

    fn decode(value: &Dynamic, _: &Path, _: &mut Diagnostics) -> Option<Self> {
        Some(Self { tree: value.clone(), cloud: PhantomData })
    }

    fn encode(&self) -> Dynamic {
        self.tree.clone()
    }
}
