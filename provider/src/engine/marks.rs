//! Marks on attributes: what a component's struct says about the API beside each field.
//!
//! They are attached with `#[tf(ext(..))]` and read by the wire mapping and by the stack engine.

pub mod codecs;

use serde_json::Value as Json;
use tfplugin::Dynamic;

/// A change is refused at plan time, or replaces the component when it says `allow_replacement = true`.
#[derive(Clone, Copy, Debug)]
pub struct Immutable;

/// A computed attribute that changes with fields below `with` (empty: with any); others keep their value in updates.
#[derive(Clone, Copy, Debug)]
pub struct Volatile {
    /// A field of the API's JSON.
    pub with: &'static str,
}

impl Volatile {
    /// Whether a change of `attribute` may change this one.
    pub fn moves_with(self, attribute: &tfplugin::Attribute) -> bool {
        let below = |path: &str| path.starts_with(self.with);
        attribute.extensions.get::<Wire>().is_none_or(|wire| match wire.place {
            Place::At(path) => below(path),
            Place::With(codec) => codec.masks().iter().any(|path| below(path)),
        })
    }
}

/// The API takes it and never returns it as it was sent: the state keeps what the configuration said.
#[derive(Clone, Copy, Debug)]
pub struct InputOnly;

/// What an update makes of the attribute when the configuration is silent about it. Without this mark the value stays as it
/// is; unknown has the API decide anew.
#[derive(Clone, Copy)]
pub struct WhenSilent(pub fn(&Silent<'_>) -> Dynamic);

/// An attribute of a component that exists, about which the configuration is silent.
#[derive(Clone, Copy, Debug)]
pub struct Silent<'a> {
    /// The value that it has.
    pub value: &'a Dynamic,
    /// The object that it is an attribute of, as last read; null where that is new.
    pub before: &'a Dynamic,
    /// The same object as configured, with the values that stay.
    pub now: &'a Dynamic,
    /// The whole component as last read.
    pub component_before: &'a Dynamic,
    /// The whole component as configured, with the values that stay.
    pub component: &'a Dynamic,
}

/// Text in which `{{kind.KEY.attribute}}` stands for an attribute of a component of this stack.
#[derive(Clone, Copy, Debug)]
pub struct FreeText;

/// The value may be the KEY of another component of this stack; the API gets that component's attribute.
#[derive(Clone, Copy, Debug)]
pub struct Refers {
    /// The kind whose KEYs count.
    pub kind: &'static str,
    /// The attribute that the API wants.
    pub attribute: &'static str,
    /// Another attribute by which the API may name it in its answers.
    pub or_by: Option<&'static str>,
    /// Turns what the API returns and the wanted attribute into one comparable form (a short name of a full one, say).
    pub canonical: fn(&str) -> String,
    /// What a text must look like to be the cloud's own name, where that can be told.
    pub own_name: Option<OwnName>,
    /// Whether the objects inside that component are needed, too.
    pub whole: bool,
}

/// The form of the cloud's own names, to tell them from a misspelt KEY.
#[derive(Clone, Copy, Debug)]
pub struct OwnName {
    /// Whether the text can be such a name.
    pub fits: fn(&str) -> bool,
    /// The form for people, with a capital letter for each part of its own.
    pub form: &'static str,
}

/// The value may be the KEY of a component of `kind`; the API gets its `attribute`.
pub fn refers(kind: &'static str, attribute: &'static str) -> Refers {
    Refers { kind, attribute, or_by: None, canonical: str::to_owned, own_name: None, whole: false }
}

impl Refers {
    /// Compares names in the form that `canonical` gives them.
    #[must_use]
    pub fn compared_by(mut self, canonical: fn(&str) -> String) -> Self {
        self.canonical = canonical;
        self
    }

    /// The API may answer with this attribute of the other component, too: an import knows it by that.
    #[must_use]
    pub fn or_by(mut self, attribute: &'static str) -> Self {
        self.or_by = Some(attribute);
        self
    }

    /// The objects inside the other component are needed, too: they come before whoever names it so, and go after.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// A text that is neither a KEY nor of this form is refused.
    #[must_use]
    pub fn named_as(mut self, form: &'static str, fits: fn(&str) -> bool) -> Self {
        self.own_name = Some(OwnName { fits, form });
        self
    }
}

/// The component's own labels. The engine adds the computed `effective_labels` beside them, which holds what is written.
#[derive(Clone, Copy, Debug)]
pub struct Labels {
    /// Where the API keeps them.
    pub wire: &'static str,
    /// Whether the labels of the provider and the stack are merged in.
    pub inherit: bool,
}

/// The roles that the component's account has on the project: a set of roles. The engine keeps them in the project's
/// policy, for all components in one write.
#[derive(Clone, Copy, Debug)]
pub struct AccountRoles {
    /// The attribute that holds the account's email.
    pub email: &'static str,
}

/// Grants: roles with their members. On an attribute of the stack: grants on the account or project.
#[derive(Clone, Copy, Debug)]
pub struct Granted;

/// An attribute on which the meaning of others depends: of the stack, that of its components; of a component, its own. While it
/// is not known, neither is theirs.
#[derive(Clone, Copy, Debug)]
pub struct Governs;

/// A map of which only the keys, or a set of which only the elements in the configuration are managed (annotations,
/// attachments): others survive and are not reported.
#[derive(Clone, Copy, Debug)]
pub struct OwnKeys;

/// A map of settings that the cloud has as objects of their own (TTL fields), beside [`OwnKeys`]: what leaves the
/// configuration of an object that must not be deleted is released, as [`Children`] are.
#[derive(Clone, Copy, Debug)]
pub struct Inner;

/// An object that can say one thing with several of its attributes: what this makes of it says the same in one form.
#[derive(Clone, Copy)]
pub struct OneForm(pub fn(&tfplugin::ObjectSchema, &Dynamic) -> Dynamic);

/// A list whose order means nothing to the API: it is compared by content, and keeps the API's order when written.
#[derive(Clone, Copy, Debug)]
pub struct Unordered;

/// A map of objects inside the component's own (subscriptions, indexes), by KEYs that the API does not know: a child is told
/// by its [`Identity`], else by its content. Only those of the configuration are managed: others survive and are not
/// reported.
#[derive(Clone, Copy, Debug)]
pub struct Children;

/// Beside [`Children`]: the object itself names its children, so that they come to be with it in one step, and nothing that
/// needs only the object goes before them.
#[derive(Clone, Copy, Debug)]
pub struct WithObject;

/// An attribute that its kind did not have in the first release: where it says nothing, a fingerprint from then still holds.
#[derive(Clone, Copy, Debug)]
pub struct Later;

/// Keys of a map that are never read, because the API masks them or others own them; `*` at the end is any ending.
#[derive(Clone, Copy, Debug)]
pub struct NeverRead(pub &'static [&'static str]);

/// What tells the elements of a list or children apart, so that a changed one is changed in place (and keeps what we do not
/// know in it) instead of being made anew. Where several attributes have it, they do so together.
#[derive(Clone, Copy, Debug)]
pub struct Identity;

/// Where a field lives in the API's JSON, and how it is written there.
#[derive(Clone, Copy, Debug)]
pub struct Wire {
    /// The place.
    pub place: Place,
    /// How scalars are written.
    pub codec: ScalarCodec,
    /// The field of each element that carries the map's key, when the API keeps a map as a list.
    pub keyed_by: Option<&'static str>,
    /// Whether it is sent on creation even when it equals its default (the API's own default differs).
    pub always: bool,
    /// Fields beside it of which the API takes only one: see [`Wire::instead_of`].
    pub instead_of: &'static [&'static str],
}

/// The place of a field.
#[derive(Clone, Copy)]
pub enum Place {
    /// A dotted path from the object's JSON. `name[field]` picks from an array the element that has `field`, else the
    /// first (the container with `ports` is the main one).
    At(&'static str),
    /// Several fields together, by code.
    With(&'static dyn Codec),
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(path) => f.debug_tuple("At").field(path).finish(),
            Self::With(_) => f.write_str("With(..)"),
        }
    }
}

/// A field that is no single place in the JSON.
pub trait Codec: Send + Sync {
    /// Reads the attribute from the component's JSON; null when it is not there.
    fn read(&self, body: &Json) -> Dynamic;
    /// Writes the attribute (null: removes it) into the component's JSON; what it does not manage stays.
    fn write(&self, value: &Dynamic, body: &mut Json);
    /// The paths that a write touches, written as [`Place::At`] is; an update mask is cut at the first array.
    fn masks(&self) -> &'static [&'static str];
    /// The paths that it expresses, where that is less than all below [`Self::masks`]; `*` stands for any element or key.
    fn expresses(&self) -> &'static [&'static str] {
        self.masks()
    }
    /// The paths in this JSON below those that it does not express all the same.
    fn leaves_out(&self, body: &Json) -> Vec<String> {
        let _ = body;
        Vec::new()
    }
}

/// How one scalar is written in JSON.
#[derive(Clone, Copy)]
pub struct ScalarCodec {
    /// From the tree (known, not null) to JSON.
    pub write: fn(&Dynamic) -> Json,
    /// From JSON to the tree; null when it is not of this kind.
    pub read: fn(&Json) -> Dynamic,
}

impl std::fmt::Debug for ScalarCodec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScalarCodec")
    }
}

/// The field at `path`, written plainly.
pub const fn wire(path: &'static str) -> Wire {
    Wire { place: Place::At(path), codec: codecs::PLAIN, keyed_by: None, always: false, instead_of: &[] }
}

/// The field that `codec` reads and writes.
pub const fn wire_with(codec: &'static dyn Codec) -> Wire {
    Wire { place: Place::With(codec), codec: codecs::PLAIN, keyed_by: None, always: false, instead_of: &[] }
}

impl Wire {
    /// Scalars are written with `codec`: see [`codecs`] for durations, 64-bit integers and the like.
    #[must_use]
    pub const fn codec(mut self, codec: ScalarCodec) -> Self {
        self.codec = codec;
        self
    }

    /// The map is a list in the API, whose elements carry the key in `field`.
    #[must_use]
    pub const fn keyed_by(mut self, field: &'static str) -> Self {
        self.keyed_by = Some(field);
        self
    }

    /// The API takes only one of these fields and this one: a change that sets this one removes them, also those that the
    /// schema does not know.
    #[must_use]
    pub const fn instead_of(mut self, others: &'static [&'static str]) -> Self {
        self.instead_of = others;
        self
    }

    /// Sent on creation even when it equals the default.
    #[must_use]
    pub const fn always(mut self) -> Self {
        self.always = true;
        self
    }
}
