//! From `tracing` to lines: the fields of an event, and of the spans around it.

use std::fmt;
use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::levels::Levels;
use super::line::Entry;

/// Writes each event that [`Levels`] allow as one line; `out` opens the place to write to.
pub(super) struct JsonLines<F> {
    levels: Levels,
    out: F,
}

impl<F> JsonLines<F> {
    /// A layer that writes to what `out` opens.
    pub(super) fn new(levels: Levels, out: F) -> Self {
        Self { levels, out }
    }
}

impl<S, F, W> Layer<S> for JsonLines<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: Fn() -> W + 'static,
    W: Write,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.levels.allow(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.levels.most())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut all = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                all.others.extend(fields.others.clone());
            }
        }
        event.record(&mut all);
        let entry = Entry {
            timestamp: Timestamp::now(),
            level: *event.metadata().level(),
            module: event.metadata().target().to_owned(),
            message: all.message,
            fields: all.others,
        };
        // One write a line, so that threads do not mix; without stderr there is nobody to tell.
        let _ = (self.out)().write_all(entry.encode().as_bytes());
    }
}

#[derive(Debug, Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        match (field.name(), value.into()) {
            ("message", Value::String(text)) => self.message = text,
            ("message", other) => self.message = other.to_string(),
            (name, value) => drop(self.others.insert(name.to_owned(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    /// The whole chain of causes.
    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        self.set(field, super::super::chain(error));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged at `level` while `work` runs.
    fn logged(level: &str, work: impl FnOnce()) -> Vec<Value> {
        let paper = Paper::default();
        let copy = paper.clone();
        let levels = Levels::read("test", |name| (name == "TF_LOG").then(|| level.to_owned()));
        let subscriber = Registry::default().with(JsonLines::new(levels, move || copy.clone()));
        tracing::subscriber::with_default(subscriber, work);
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn fields_of_the_event_and_of_its_spans_are_keys() {
        let lines = logged("TRACE", || {
            let outer = tracing::info_span!("rpc", tf_rpc = "PlanResourceChange", tries = 2);
            outer.in_scope(|| tracing::warn!(bucket = "models", found = true, "slow answer"));
        });
        let line = &lines[0];
        let read = ["@level", "@message", "tf_rpc", "bucket"].map(|key| line[key].as_str().unwrap());
        assert_eq!(read, ["warn", "slow answer", "PlanResourceChange", "models"]);
        assert_eq!((line["tries"].as_i64(), line["found"].as_bool()), (Some(2), Some(true)));
    }

    #[test]
    fn events_below_the_level_are_not_written() {
        let lines = logged("INFO", || {
            tracing::debug!("quiet");
            tracing::info!("loud");
        });
        assert_eq!(lines.len(), 1);
    }
}
