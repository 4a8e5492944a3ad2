//! A stack as it was last known, in a form that is small and can be carried from one process to the next.
//!
//! Who is handed only a stack's id and fingerprint can have the stack read again by its image, and is told what differs:
//! see [`Comparison`].

mod compare;

use std::collections::BTreeMap;
use std::io::{BufWriter, Read as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::de::DeserializeOwned;
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;
use tfplugin::schema::Nesting;
use tfplugin::{Attribute, Diagnostic, Diagnostics, Dynamic, ObjectSchema};
use tracing::debug;

#[cfg(test)]
pub(super) use self::compare::compare;
pub use self::compare::{Comparison, Difference};
use super::cloud::{Cloud, Connection};
use super::context::CallContext;
use super::model;
use super::model::{Layout, Stack};
use super::operation::{Limit, scope_of};
use super::refresh;
use super::run::{Preparation, Run};

/// The form that is written here and read here.
const FORMAT: u64 = 1;

/// More than the largest stack needs, unpacked, in bytes: what claims to be larger is no image.
const LARGEST: u64 = 1 << 30;

/// A whole stack as a state has it, packed: some hundred bytes for each object. Nothing secret is in it, because nothing
/// secret is in a state.
#[derive(Clone, PartialEq, Eq)]
pub struct StackImage {
    id: String,
    fingerprint: String,
    packed: Vec<u8>,
}

/// Why there is no image, or none that can be read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A stack without an id was never made.
    #[error("the stack has no id yet")]
    NoId,
    /// What is yet to be known cannot be read again.
    #[error("the stack is not wholly known")]
    Pack(#[source] serde_json::Error),
    /// The packing failed.
    #[error("the stack cannot be packed")]
    Write(#[source] std::io::Error),
    /// The bytes are damaged, or not of an image.
    #[error("the image of the stack cannot be read")]
    Unpack(#[source] serde_json::Error),
    /// The text is not base64.
    #[error("the image of the stack is not base64")]
    Text(#[source] base64::DecodeError),
    /// The bytes come from another version.
    #[error("the image of the stack has format {0}, and this version of the provider reads format {FORMAT}")]
    Format(u64),
    /// The content does not fit the schema.
    #[error("the image of the stack does not fit the schema")]
    Schema(#[source] tfplugin::value::CodecError),
}

#[derive(Serialize)]
struct Written<'a> {
    format: u64,
    id: &'a str,
    fingerprint: &'a str,
    stack: Body<'a>,
}

/// What tells images apart; the stack itself is passed over.
#[derive(Deserialize)]
struct Head {
    format: u64,
    id: String,
    fingerprint: String,
}

#[derive(Deserialize)]
struct Content {
    stack: Json,
}

impl StackImage {
    /// The image of a stack that is wholly known.
    ///
    /// # Errors
    /// When something in it is unknown, or it has no id.
    pub fn from_state(stack: &Stack) -> Result<Self, ImageError> {
        let id = stack.text(model::ID).filter(|id| !id.is_empty()).ok_or(ImageError::NoId)?.to_owned();
        let fingerprint = stack.text(model::FINGERPRINT).unwrap_or_default().to_owned();
        // Fast rather than small: it is done whenever a stack is read. The buffer gathers the writer's many small pieces.
        let packer = ZlibEncoder::new(Vec::new(), Compression::fast());
        let mut buffer = BufWriter::with_capacity(64 * 1024, packer);
        let written = Written {
            format: FORMAT,
            id: &id,
            fingerprint: &fingerprint,
            stack: Body(stack.layout().body(), stack.tree()),
        };
        serde_json::to_writer(&mut buffer, &written).map_err(ImageError::Pack)?;
        let packer = buffer.into_inner().map_err(|error| ImageError::Write(error.into_error()))?;
        let packed = packer.finish().map_err(ImageError::Write)?;
        Ok(Self { id, fingerprint, packed })
    }

    /// The stack's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The stack's fingerprint; empty for a stack whose creation did not come that far.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The image to be stored: zlib over JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.packed.clone()
    }

    /// A stored image.
    ///
    /// # Errors
    /// When the bytes are damaged or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ImageError> {
        let Head { format, id, fingerprint } = unpack(bytes)?;
        if format != FORMAT {
            return Err(ImageError::Format(format));
        }
        Ok(Self { id, fingerprint, packed: bytes.to_vec() })
    }

    /// The same as text, for private data: base64.
    pub fn to_text(&self) -> String {
        BASE64.encode(&self.packed)
    }

    /// An image stored as text.
    ///
    /// # Errors
    /// When the text is damaged or of another version.
    pub fn from_text(text: &str) -> Result<Self, ImageError> {
        Self::from_bytes(&BASE64.decode(text).map_err(ImageError::Text)?)
    }

    /// The stack itself.
    ///
    /// # Errors
    /// When the content does not fit the schema.
    pub fn stack(&self, layout: &'static Layout) -> Result<Stack, ImageError> {
        let Content { stack } = unpack(&self.packed)?;
        let tree = tfplugin::value::json::from_json(layout.body_type(), &stack).map_err(ImageError::Schema)?;
        Ok(Stack::of_tree(layout, tree))
    }

    /// Reads every object of the stack as it is now, and compares.
    ///
    /// # Errors
    /// When something could not be read. Objects that are gone are no error but a difference.
    pub async fn verify(
        &self,
        cloud: &dyn Cloud,
        connection: &dyn Connection,
        calls: &CallContext,
    ) -> Result<Comparison, Diagnostics> {
        let unreadable = |error: ImageError| {
            Diagnostic::error(
                "The stack is not known well enough",
                format!("{}: {error}. Run terraform plan again, with the state refreshed.", self.id),
            )
        };
        let before = self.stack(cloud.layout()).map_err(unreadable)?;
        let scope = scope_of(cloud, &before, connection)?;
        let calls = calls.within(Limit::Read.of(Some(&before)));
        let run = Run::new(cloud.session(connection)?, calls, scope, Preparation::Report);
        let after = refresh::refresh(&run, cloud, &before).await?;
        Ok(compare::compare(&before, after, &run.scope))
    }
}

fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Result<T, ImageError> {
    let reader = std::io::BufReader::with_capacity(64 * 1024, ZlibDecoder::new(packed).take(LARGEST));
    serde_json::from_reader(reader).map_err(ImageError::Unpack)
}

/// Without the content: it is large.
impl std::fmt::Debug for StackImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StackImage({}, {}, {} bytes)", self.id, self.fingerprint, self.packed.len())
    }
}

/// An object as JSON, without nulls (who reads by the schema takes what is absent for null) and without what is only
/// written: a state has none of it, and an image must not either.
struct Body<'a>(&'a ObjectSchema, &'a Dynamic);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(object, Dynamic::Object(entries)) = self else { return Plain(self.1).serialize(serializer) };
        let kept = entries.iter().filter(|(_, value)| !value.is_null());
        let kept = kept.filter_map(|(name, value)| Some((name, Member(object.attribute(name)?, value))));
        serializer.collect_map(kept.filter(|(_, Member(attribute, _))| !attribute.write_only))
    }
}

/// The value of an attribute.
struct Member<'a>(&'a Attribute, &'a Dynamic);

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(attribute, value) = *self;
        match (attribute.nested(), value) {
            (Some((Nesting::Single, object)), value) => Body(object, value).serialize(serializer),
            (Some((_, object)), Dynamic::List(items) | Dynamic::Set(items)) => {
                serializer.collect_seq(items.iter().map(|item| Body(object, item)))
            }
            (Some((_, object)), Dynamic::Map(entries)) => {
                serializer.collect_map(entries.iter().map(|(key, item)| (key, Body(object, item))))
            }
            (_, value) => Plain(value).serialize(serializer),
        }
    }
}

/// A value without attributes of its own.
struct Plain<'a>(&'a Dynamic);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Dynamic::Null => serializer.serialize_unit(),
            Dynamic::Unknown => Err(S::Error::custom("a value is known only after apply")),
            Dynamic::Bool(value) => serializer.serialize_bool(*value),
            Dynamic::Number(number) => {
                let number: serde_json::Number = number.to_string().parse().map_err(S::Error::custom)?;
                number.serialize(serializer)
            }
            Dynamic::String(text) => serializer.serialize_str(text),
            Dynamic::List(items) | Dynamic::Set(items) => serializer.collect_seq(items.iter().map(Plain)),
            Dynamic::Map(entries) | Dynamic::Object(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, Plain(value))))
            }
            Dynamic::Typed(ty, inner) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("type", &ty.to_json())?;
                map.serialize_entry("value", &Plain(inner))?;
                map.end()
            }
        }
    }
}

/// The stacks of one configured provider as last read, planned or applied in this process: one image for each id.
#[derive(Debug, Default)]
pub struct StackImages {
    images: Mutex<BTreeMap<String, Arc<StackImage>>>,
}

impl StackImages {
    fn images(&self) -> MutexGuard<'_, BTreeMap<String, Arc<StackImage>>> {
        self.images.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The image of the stack `id`, if the stack was met in this process.
    pub fn get(&self, id: &str) -> Option<Arc<StackImage>> {
        self.images().get(id).cloned()
    }

    /// Remembers an image, in place of what was known of its stack.
    pub fn remember(&self, image: StackImage) {
        self.images().insert(image.id.clone(), Arc::new(image));
    }

    /// Remembers a stack that was just read or applied. One that is not wholly known is left out.
    pub fn observe(&self, stack: &Stack) {
        match StackImage::from_state(stack) {
            Ok(image) => self.remember(image),
            Err(error) => debug!(stack = stack.text(model::ID), %error, "no image"),
        }
    }

    /// The same with a stack that is only older than what this process may have read itself.
    pub fn observe_first(&self, stack: &Stack) {
        if self.get(stack.text(model::ID).unwrap_or_default()).is_none() {
            self.observe(stack);
        }
    }

    /// Forgets a stack that was destroyed.
    pub fn forget(&self, id: &str) {
        self.images().remove(id);
    }
}
