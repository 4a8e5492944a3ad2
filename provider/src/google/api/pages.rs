//! Lists, read to their last page.
//! A page may be short or even empty and still not be the last; a list that names unreachable places is an error,
//! because what is missing in it would look deleted.

use std::collections::HashSet;

use serde_json::Value;

use super::client::{Client, line};
use super::error::{ApiError, Cause};
use super::request::Request;
use crate::engine::context::CallContext;

/// A list call: its first request and how its pages are written.
#[derive(Clone, Debug)]
#[must_use]
pub struct List {
    request: Request,
    items: &'static str,
    page_size: Option<(&'static str, u32)>,
}

impl List {
    /// A list whose items stand in the field `items` of each page. The page size is the API's default.
    pub fn new(request: Request, items: &'static str) -> List {
        List { request, items, page_size: None }
    }

    /// Asks for pages of `size`, in the query parameter `pageSize`.
    pub fn page_size(self, size: u32) -> List {
        self.page_size_as("pageSize", size)
    }

    /// Asks for pages of `size`, in the query parameter `name`: Cloud Storage says `maxResults`.
    pub fn page_size_as(mut self, name: &'static str, size: u32) -> List {
        self.page_size = Some((name, size));
        self
    }
}

impl List {
    /// Repeats each page's call for `within` also after errors that the caller knows to be passing.
    pub fn also_retry(
        mut self,
        within: std::time::Duration,
        passing: impl Fn(&ApiError) -> bool + Send + Sync + 'static,
    ) -> List {
        self.request = self.request.also_retry(within, passing);
        self
    }
}

impl Client {
    /// All items of a list.
    pub async fn list(&self, ctx: &CallContext, list: List) -> Result<Vec<Value>, ApiError> {
        self.list_as(ctx, list, Some).await
    }

    /// What `make` makes of the items of a list. An item's JSON is gone once it was seen: of a long list it is large.
    pub async fn list_as<T>(
        &self,
        ctx: &CallContext,
        list: List,
        make: impl Fn(Value) -> Option<T>,
    ) -> Result<Vec<T>, ApiError> {
        let first = match list.page_size {
            Some((name, size)) => list.request.query(name, size),
            None => list.request,
        };
        let call = line(&first);
        let mut items = Vec::new();
        let mut seen = HashSet::new();
        let mut token: Option<String> = None;
        loop {
            let mut page = self.call(ctx, first.clone().query_opt("pageToken", token.as_ref()).expects(&[])).await?;
            let unreachable = strings(page.get("unreachable"));
            if !unreachable.is_empty() {
                return Err(ApiError::new(call, Cause::Partial(unreachable)));
            }
            match page.get_mut(list.items).map(Value::take) {
                None | Some(Value::Null) => {}
                Some(Value::Array(found)) if found.iter().all(Value::is_object) => {
                    items.extend(found.into_iter().filter_map(&make));
                }
                Some(_) => {
                    let what = format!("{} is not a list of objects", list.items);
                    return Err(ApiError::new(call, Cause::Answer(what)));
                }
            }
            token =
                page.get("nextPageToken").and_then(Value::as_str).filter(|next| !next.is_empty()).map(str::to_owned);
            match &token {
                None => return Ok(items),
                Some(next) if !seen.insert(next.clone()) => {
                    return Err(ApiError::new(
                        call,
                        Cause::Answer("the list gives the same page token twice".to_owned()),
                    ));
                }
                Some(_) => {}
            }
        }
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let entries = value.and_then(Value::as_array).into_iter().flatten();
    entries.map(|entry| entry.as_str().map_or_else(|| entry.to_string(), str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::google::api::host::Host;
    use crate::google::api::testing::{Reply, Script, client_for, minute};

    #[tokio::test]
    async fn all_pages_are_read_even_past_an_empty_one() {
        let script = Script::start(|request, _| match request.query.get("pageToken").map(String::as_str) {
            None => Reply::json(json!({"items": [{"n": 1}, {"n": 2}], "nextPageToken": "a/+="})),
            Some("a/+=") => Reply::json(json!({"nextPageToken": "b"})),
            Some(_) => Reply::json(json!({"items": [{"n": 3}], "nextPageToken": ""})),
        })
        .await;
        let list = List::new(Request::get(Host::STORAGE, "storage/v1/b").query("project", "p"), "items")
            .page_size_as("maxResults", 1000);
        let items = client_for(&script).list(&minute(), list).await.unwrap();
        assert_eq!(items, [json!({"n": 1}), json!({"n": 2}), json!({"n": 3})]);
        assert!(
            script
                .requests()
                .iter()
                .all(|request| request.query["maxResults"] == "1000" && request.query["project"] == "p")
        );
    }

    #[tokio::test]
    async fn an_empty_answer_is_an_empty_list() {
        let script = Script::start(|_, _| Reply::json(json!({}))).await;
        let items =
            client_for(&script).list(&minute(), List::new(Request::get(Host::RUN, "v2/x"), "services")).await.unwrap();
        assert!(items.is_empty());
    }

    #[tokio::test]
    async fn an_answer_that_is_no_list_is_an_error() {
        for answer in [json!(null), json!([]), json!({"services": {}}), json!({"services": ["x"]})] {
            let script = Script::start(move |_, _| Reply::json(answer.clone())).await;
            let list = List::new(Request::get(Host::RUN, "v2/x"), "services");
            let error = client_for(&script).list(&minute(), list).await.unwrap_err();
            assert!(matches!(error.cause(), Cause::Answer(_)), "{error}");
        }
    }

    #[tokio::test]
    async fn unreachable_places_make_the_list_fail() {
        let script =
            Script::start(|_, _| Reply::json(json!({"services": [], "unreachable": ["projects/p/locations/r"]}))).await;
        let error = client_for(&script)
            .list(&minute(), List::new(Request::get(Host::RUN, "v2/x"), "services"))
            .await
            .unwrap_err();
        assert!(error.chain().contains("projects/p/locations/r") && !error.may_have_happened());
    }

    #[tokio::test]
    async fn a_list_that_runs_in_circles_ends() {
        let script = Script::start(|_, _| Reply::json(json!({"nextPageToken": "same"}))).await;
        let error = client_for(&script)
            .list(&minute(), List::new(Request::get(Host::RUN, "v2/x"), "services"))
            .await
            .unwrap_err();
        assert!(matches!(error.cause(), Cause::Answer(_)));
        assert_eq!(script.count(), 2);
    }
}
