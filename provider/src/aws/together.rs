//! Reads that are asked for at the same moment become one call.
//!
//! A refresh reads the objects of a stack side by side. Where a list takes many names, the first who asks for one waits until
//! all have asked who begin with it, and asks for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::try_join_all;
use serde_json::Value as Json;
use tokio::sync::watch;

/// What a list has answered; nothing yet.
type Answer = Option<Arc<Vec<Json>>>;

/// The reads of one operation that wait for others like them.
#[derive(Debug, Default)]
pub struct Together {
    waiting: Mutex<BTreeMap<String, Waiting>>,
}

/// Those who wait for one call.
#[derive(Debug)]
struct Waiting {
    names: BTreeSet<String>,
    answer: watch::Receiver<Answer>,
}

/// Whether one asks for all or is asked for.
enum Part {
    First(watch::Sender<Answer>),
    Other(watch::Receiver<Answer>),
}

impl Together {
    /// The items of a list that `is_it` knows by `name`. `list` is what the calls have in common; `ask` asks for names, of
    /// which it takes so many `at_once`, and leaves out those that there are not.
    ///
    /// # Errors
    /// Of the calls.
    pub async fn ask<F, E>(
        &self,
        (list, at_once): (&str, usize),
        name: &str,
        is_it: fn(&Json, &str) -> bool,
        ask: impl Fn(Vec<String>) -> F,
    ) -> Result<Vec<Json>, E>
    where
        F: Future<Output = Result<Vec<Json>, E>>,
    {
        let of_name = |found: &[Json]| found.iter().filter(|item| is_it(item, name)).cloned().collect();
        match self.join(list, name) {
            Part::First(answer) => {
                tokio::task::yield_now().await;
                let names = self.close(list);
                let calls = names.chunks(at_once.max(1)).map(|names| ask(names.to_vec()));
                let found = match try_join_all(calls).await {
                    Ok(found) => Arc::new(found.concat()),
                    // What was asked for others may have failed: each learns of its own.
                    Err(_) if names.len() > 1 => {
                        drop(answer);
                        return Ok(of_name(&ask(vec![name.to_owned()]).await?));
                    }
                    Err(error) => return Err(error),
                };
                let own = of_name(&found);
                answer.send_replace(Some(found));
                Ok(own)
            }
            Part::Other(mut answer) => {
                let found = answer.wait_for(Option::is_some).await.ok().and_then(|found| found.clone());
                match found {
                    Some(found) => Ok(of_name(&found)),
                    // The first has failed or given up.
                    None => Ok(of_name(&ask(vec![name.to_owned()]).await?)),
                }
            }
        }
    }

    fn join(&self, list: &str, name: &str) -> Part {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.get_mut(list) {
            // Who was first may have given up without closing.
            Some(others) if others.answer.has_changed().is_ok() => {
                others.names.insert(name.to_owned());
                Part::Other(others.answer.clone())
            }
            _ => {
                let (sender, answer) = watch::channel(None);
                let names = BTreeSet::from([name.to_owned()]);
                waiting.insert(list.to_owned(), Waiting { names, answer });
                Part::First(sender)
            }
        }
    }

    /// From here on, who asks is a first one again.
    fn close(&self, list: &str) -> Vec<String> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.remove(list).map(|one| one.names.into_iter().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use futures::future::join_all;
    use serde_json::json;

    use super::*;

    /// A read of the alarm of this name: it notes the calls that are made for it.
    async fn read(together: &Together, calls: &RefCell<Vec<String>>, name: &str) -> Result<Vec<Json>, &'static str> {
        let ask = async |names: Vec<String>| {
            calls.borrow_mut().push(names.join(","));
            tokio::task::yield_now().await;
            match names.iter().any(|name| name == "refused") {
                true => Err("refused"),
                false => Ok(names.into_iter().filter(|name| name != "gone").map(|name| json!(name)).collect()),
            }
        };
        together.ask(("alarms", 2), name, |item, name| item == name, ask).await
    }

    #[tokio::test]
    async fn those_who_ask_at_once_are_asked_for_in_as_few_calls_as_the_list_allows() {
        let (together, calls) = (Together::default(), RefCell::new(Vec::new()));
        let found = join_all(["a", "b", "gone"].map(|name| read(&together, &calls, name))).await;
        assert_eq!(found, [Ok(vec![json!("a")]), Ok(vec![json!("b")]), Ok(vec![])]);
        assert_eq!(read(&together, &calls, "c").await, Ok(vec![json!("c")]));
        assert_eq!(calls.into_inner(), ["a,b", "gone", "c"]);
    }

    #[tokio::test]
    async fn who_is_left_alone_by_the_first_asks_by_itself() {
        let (together, calls) = (Together::default(), RefCell::new(Vec::new()));
        let mut first = Box::pin(read(&together, &calls, "a"));
        assert!(futures::poll!(&mut first).is_pending());
        let mut second = Box::pin(read(&together, &calls, "b"));
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        assert_eq!(second.await, Ok(vec![json!("b")]));
        assert_eq!(read(&together, &calls, "c").await, Ok(vec![json!("c")]));
        assert_eq!(calls.into_inner(), ["b", "c"]);
    }

    #[tokio::test]
    async fn nobody_has_the_error_of_another() {
        let (together, calls) = (Together::default(), RefCell::new(Vec::new()));
        let found = join_all(["a", "refused"].map(|name| read(&together, &calls, name))).await;
        assert_eq!(found, [Ok(vec![json!("a")]), Err("refused")]);
    }
}
