//! Values that can be spelt in several ways: each keeps the user's spelling and is equal by meaning.
//! Pure: nothing here knows an API call. Each type parses with a reason, prints as written, and gives its wire form.

pub mod bucket_name;
pub mod duration;
pub mod email;
pub mod label;
pub mod location;
pub mod member;
pub mod project;
pub mod quantity;

pub use bucket_name::BucketName;
pub use duration::Duration;
pub use email::ServiceAccountEmail;
pub use label::{LabelError, check_common_label_key, check_label_key, check_label_value};
pub use location::Location;
pub use member::{MemberError, check_member};
pub use project::ProjectId;
pub use quantity::Quantity;

/// Implements `tfplugin::Scalar` for a text type that has `FromStr` and `Display`; `canonical` gives equal values one
/// spelling, where they can have several.
macro_rules! text_scalar {
    ($type:ty) => {
        $crate::types::text_scalar!($type, canonical: |value: &$type| value.to_string());
    };
    ($type:ty, canonical: $canonical:expr) => {
        impl tfplugin::Scalar for $type {
            type Repr = String;
            type Error = <$type as std::str::FromStr>::Err;

            fn parse(repr: String) -> Result<Self, Self::Error> {
                repr.parse()
            }

            fn repr(&self) -> String {
                self.to_string()
            }

            fn canonical(&self) -> String {
                ($canonical)(self)
            }
        }

        tfplugin::scalar!($type);
    };
}
pub(crate) use text_scalar;
