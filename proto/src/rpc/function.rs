//! CallFunction.

use std::sync::Arc;

use super::run::on_its_own;
use super::state::Shared;
use crate::Provider;
use crate::function::{DynFunction, FunctionError};
use crate::proto::tfplugin6 as pb;
use crate::value::Dynamic;
use crate::wire::{from_wire, to_wire};

pub(super) async fn call<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::call_function::Request,
) -> pb::call_function::Response {
    let Some(function) = shared.registry.functions.get(request.name.as_str()).cloned() else {
        return failed(FunctionError::new(format!("This provider has no function {:?}.", request.name)));
    };
    let result = on_its_own("CallFunction", async move { answer(function.as_ref(), &request.arguments) }).await;
    match result {
        Ok(Ok(result)) => pb::call_function::Response { result: Some(result), error: None },
        Ok(Err(error)) => failed(error),
        Err(crash) => failed(FunctionError::new(crash.detail)),
    }
}

fn answer(function: &dyn DynFunction, arguments: &[pb::DynamicValue]) -> Result<pb::DynamicValue, FunctionError> {
    let types = function.types();
    let arguments: Result<Vec<Dynamic>, _> = arguments
        .iter()
        .enumerate()
        .map(|(position, argument)| {
            // The last parameter's type is that of all that follow, when it is variadic.
            let declared = types.get(position).or(types.last().filter(|(_, variadic)| *variadic));
            let Some((ty, _)) = declared else {
                return Err(FunctionError::argument(position, "There are more arguments than parameters."));
            };
            from_wire::value(ty, Some(argument), "argument")
                .map_err(|error| FunctionError::argument(position, error.detail))
        })
        .collect();
    let result = function.call(arguments?)?;
    to_wire::value(&function.result(), &result).map_err(|error| FunctionError::new(error.detail))
}

fn failed(error: FunctionError) -> pb::call_function::Response {
    let error = pb::FunctionError {
        text: error.text,
        function_argument: error.argument.and_then(|argument| i64::try_from(argument).ok()),
    };
    pb::call_function::Response { result: None, error: Some(error) }
}
