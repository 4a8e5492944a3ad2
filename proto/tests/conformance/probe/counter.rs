//! The data source `probe_count`.

use tfplugin::data_source::{ReadDataRequest, ReadDataResponse};
use tfplugin::{Context, DataSource, Diagnostics, Object, Value};

use super::minutes::{Minutes, canonical};
use super::remote::Remote;

/// How many things there are.
#[derive(Clone, Debug, Default, PartialEq, Object)]
pub(crate) struct Count {
    /// Whose names begin so.
    #[tf(default = "")]
    pub prefix: Value<String>,
    /// A time, for its spelling.
    #[tf(optional)]
    pub since: Value<Minutes>,
    /// So many.
    #[tf(computed)]
    pub total: Value<i64>,
}

pub(crate) struct Counter;

impl DataSource<Remote> for Counter {
    type State = Count;

    fn type_name(&self) -> &'static str {
        "probe_count"
    }

    async fn read(&self, request: ReadDataRequest<Count>, context: Context<Remote>) -> ReadDataResponse<Count> {
        let Count { prefix, since, .. } = request.config;
        let wanted = prefix.known().cloned().unwrap();
        if wanted == "nothing" {
            return ReadDataResponse { state: None, diagnostics: Diagnostics::new() };
        }
        let remote = context.client().unwrap().0.lock().unwrap();
        let count =
            remote.things.values().filter(|thing| thing.name.known().is_some_and(|name| name.starts_with(&wanted)));
        let count = i64::try_from(count.count()).unwrap().into();
        let state = Count { prefix, since: canonical(&since), total: count };
        ReadDataResponse { state: Some(state), diagnostics: Diagnostics::new() }
    }
}
