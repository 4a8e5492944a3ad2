//! `duration_seconds`: a length of time in seconds.

use tfplugin::function::{Function, FunctionError, Parameter, Signature};
use tfplugin::value::Number;

use crate::types::Duration;

/// The function.
#[derive(Debug)]
pub struct DurationSeconds;

impl Function for DurationSeconds {
    type Arguments = (String,);
    type Output = Number;

    fn name(&self) -> &'static str {
        "duration_seconds"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "A length of time in seconds".into(),
            description: "Gives the number of seconds in a length of time that is written as everywhere in this provider: a number \
                          with a unit, `90d`, `36h`, `5m`, `7776000s` or `1.5s`. For resources of other providers that want seconds."
                .into(),
            deprecated: None,
            parameters: vec![Parameter::new("duration", "A length of time, such as `90d`.")],
        }
    }

    fn call(&self, (text,): (String,)) -> Result<Number, FunctionError> {
        let refused = |problem: String| {
            FunctionError::argument(0, format!("{text:?} is not a duration: {}.", problem.trim_end_matches('.')))
        };
        let duration: Duration = text.parse().map_err(|error| refused(format!("{error}")))?;
        let seconds = duration.to_wire();
        seconds.trim_end_matches('s').parse().map_err(|error| refused(format!("{error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Result<String, String> {
        DurationSeconds.call((text.to_owned(),)).map(|number| number.to_string()).map_err(|error| error.text)
    }

    #[test]
    fn every_unit_is_counted_in_seconds() {
        for (text, wanted) in
            [("90d", "7776000"), ("36h", "129600"), ("5m", "300"), ("7776000s", "7776000"), ("1.5s", "1.5")]
        {
            assert_eq!(seconds(text), Ok(wanted.to_owned()));
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_told_with_its_value() {
        let error = seconds("90 days").unwrap_err();
        assert!(error.starts_with("\"90 days\" is not a duration: "), "{error}");
    }
}
