//! Long-running operations.
//!
//! The effect of a call is there at once; the operation only says `done: false` for as long as
//! [`Settings::operations`](crate::store::Settings) says, so that a caller which does not wait is found out. An operation that a fault condemned ends in an error.

use serde_json::Value;

use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::Object;
use crate::lag::Pending;
use crate::route::Api;
use crate::store::{End, Form, Operation, World};

/// Registers an operation under `name` (with the project's id or its number: either polls it) and answers its first body, not yet done. If the fault that the call met condemned the operation,
/// it will end in that error instead of in `response`.
pub fn start(call: &mut Call<'_>, name: String, metadata: Option<Value>, response: Value) -> Reply {
    let end = match call.take_operation_error() {
        Some(error) => End::Error(error.as_operation_error()),
        None => End::Response(response),
    };
    let pending = begin(call);
    let operation = Operation { name, metadata, pending, end, shows_response_early: false, form: Form::Done };
    let body = operation.body(false);
    register(call, operation);
    Reply::json(body)
}

/// Registers an operation under its relative `name` whose body has a `status`, and answers it as it `begun`. `ended` has the
/// fields that its end adds; `failed` writes those of the error in which a fault has it end.
pub fn start_with_status(
    call: &mut Call<'_>,
    name: String,
    begun: Value,
    mut ended: Value,
    failed: impl Fn(&ApiError) -> Object,
) -> Reply {
    if let (Some(error), Some(ended)) = (call.take_operation_error(), ended.as_object_mut()) {
        ended.extend(failed(&error));
    }
    let pending = begin(call);
    let form = Form::Status(begun.clone(), ended);
    let end = End::Response(Value::Null);
    register(call, Operation { name, metadata: None, pending, end, shows_response_early: false, form });
    Reply::json(begun)
}

/// An operation that begins now.
pub fn begin(call: &Call<'_>) -> Pending {
    Pending::new(call.world.settings.operations, call.world.clock.now())
}

/// Remembers an operation, so that it can be polled.
pub fn register(call: &mut Call<'_>, operation: Operation) {
    let key = call.world.with_project_ids(&operation.name);
    call.world.state.operations.entry(call.host().to_owned()).or_default().insert(key, operation);
}

/// Answers an operation that was done before it began.
pub fn already_done(name: String, response: Value) -> Reply {
    let end = End::Response(response);
    Reply::json(
        Operation {
            name,
            metadata: None,
            pending: Pending::default(),
            end,
            shows_response_early: false,
            form: Form::Done,
        }
        .body(true),
    )
}

/// One poll of the operation `name`.
///
/// # Errors
/// 404 when there is none of this name.
pub fn poll(call: &mut Call<'_>, name: &str) -> Outcome {
    let host = call.host();
    let now = call.world.clock.now();
    let name = &call.world.with_project_ids(name);
    let operation = call
        .world
        .state
        .operations
        .get_mut(host)
        .and_then(|operations| operations.get_mut(name))
        .ok_or_else(|| ApiError::not_found(format!("Resource '{name}' was not found")))?;
    let done = operation.pending.look(now);
    Ok(Reply::json(operation.body(done)))
}

/// The operation under way on the object `target`, as its metadata names it.
pub fn under_way<'w>(world: &'w World, host: &str, target: &str) -> Option<&'w Operation> {
    let now = world.clock.now();
    let all = world.state.operations.get(host).into_iter().flat_map(|operations| operations.values());
    all.filter(|operation| !operation.pending.is_over(now)).find(|operation| is_on(operation, target))
}

/// A read of the object `target` brings the operations on it forward, as time does.
pub fn pass_time(world: &mut World, host: &str, target: &str) {
    let now = world.clock.now();
    let all = world.state.operations.get_mut(host).into_iter().flat_map(|operations| operations.values_mut());
    for operation in all.filter(|operation| is_on(operation, target)) {
        operation.pending.look(now);
    }
}

fn is_on(operation: &Operation, target: &str) -> bool {
    operation.metadata.as_ref().is_some_and(|metadata| metadata["target"] == target)
}

/// Serves operations at `template`, a path that ends in the operation's id. Their names are the path without its version.
pub fn serve(api: Api, template: &'static str) -> Api {
    api.on("GET", template, |call| {
        let name = call.resource();
        poll(call, &name)
    })
}
