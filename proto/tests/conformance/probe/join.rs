//! The function `probe::join`.

use tfplugin::function::{FunctionError, Parameter, Signature, Variadic};
use tfplugin::{Function, Value};

/// `probe::join`.
pub(crate) struct Join;

impl Function for Join {
    type Arguments = (String, Variadic<Value<String>>);
    type Output = String;

    fn name(&self) -> &'static str {
        "join"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Joins texts.".into(),
            description: "Puts the separator between them.".into(),
            parameters: vec![
                Parameter::new("separator", "What stands between."),
                Parameter::new("texts", "What is joined; null is left out.").nullable(),
            ],
            ..Signature::default()
        }
    }

    fn call(&self, (separator, texts): Self::Arguments) -> Result<String, FunctionError> {
        if separator == "panic" {
            panic!("told to");
        }
        let texts: Vec<_> = texts.0.into_iter().filter_map(Value::into_known).collect();
        match texts.iter().position(String::is_empty) {
            Some(index) => Err(FunctionError::argument(index + 1, "an empty text cannot be joined")),
            None => Ok(texts.join(&separator)),
        }
    }
}
