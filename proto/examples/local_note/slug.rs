//! `provider::local::slug`: a file's name out of a title.

use tfplugin::Function;
use tfplugin::function::{FunctionError, Parameter, Signature};

/// The function.
pub(crate) struct Slug;

impl Function for Slug {
    type Arguments = (String,);
    type Output = String;

    fn name(&self) -> &'static str {
        "slug"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Makes a name out of a title".into(),
            description: "Lower case letters and digits of the title, with a dash for everything in between.".into(),
            parameters: vec![Parameter::new("title", "The title.")],
            ..Signature::default()
        }
    }

    fn call(&self, (title,): (String,)) -> Result<String, FunctionError> {
        let title = title.to_lowercase();
        let words: Vec<_> =
            title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Err(FunctionError::argument(0, format!("The title {title:?} has neither letters nor digits.")));
        }
        Ok(words.join("-"))
    }
}
