//! Foreign bytes: what an API answers, and what people write, changed at random. Whatever it is, nothing crashes.
//!
//! The files of a configuration are read by a test beside their reader. `make fuzz` goes on for minutes.

use acceptance_tests::fuzz::rounds;
use localcloud::State;
use serde_json::{Value as Json, json};

use crate::cloud::STACK;
use crate::world::{Configs, Said, Start, World};

impl World {
    /// Validates a configuration.
    async fn validate(&self, config: &Json) -> Said {
        Said::of(&self.provider.validate(STACK, config).await)
    }

    /// An import by any id.
    async fn import_as(&self, id: &str) -> Said {
        match self.provider.import(STACK, id).await {
            Ok((_, diagnostics)) | Err(diagnostics) => Said::of(&diagnostics),
        }
    }

    /// What a function answers to a text: its error, if it has one.
    async fn parse(&self, text: &str) -> Option<String> {
        self.provider.call("parse_phase_checkpoint", &[json!(text)]).await.err().map(|error| error.text)
    }
}

#[track_caller]
fn no_crash(said: &Said, input: &str) {
    let crash = said.errors.iter().find(|error| error.contains("The provider crashed"));
    assert!(crash.is_none(), "{crash:?} on {input}");
}

async fn made() -> Start {
    let mut world = World::empty().await;
    let said = world.change(&Configs::load().first).await;
    assert!(!said.has_failed(), "{}", said.errors.join(" | "));
    world.start()
}

#[tokio::test]
async fn any_answer_is_read_or_refused() {
    let made = made().await;
    for mut mutator in rounds("answers") {
        let mut cloud: State = made.cloud.clone();
        let mut changed = Vec::new();
        for _ in 0..3 {
            let hosts = cloud.objects.len();
            let objects = cloud.objects.values_mut().nth(mutator.below(hosts));
            let Some(objects) = objects.filter(|objects| !objects.is_empty()) else { continue };
            let count = objects.len();
            if let Some((path, object)) = objects.iter_mut().nth(mutator.below(count)) {
                mutator.json(&mut object.body);
                changed.push(format!("{path}: {}", object.body));
            }
        }
        let mut world = World::at(&Start { cloud, object: made.object.clone() }).await;
        let input = changed.join("\n");
        no_crash(&world.refresh().await, &input);
        world.forget();
        no_crash(&world.import().await, &input);
    }
}

#[tokio::test]
async fn any_configuration_is_valid_or_refused() {
    let world = World::empty().await;
    let config = Configs::load().first;
    for mut mutator in rounds("configurations") {
        let mut config = Json::clone(&config);
        texts(&mut config, &mut |text| {
            if mutator.below(12) == 0 {
                *text = mutator.text(text);
            }
        });
        no_crash(&world.validate(&config).await, &config.to_string());
    }
}

/// Every text inside, but for those of choices: a test's configuration has to fit the schema's types only.
fn texts(value: &mut Json, change: &mut impl FnMut(&mut String)) {
    match value {
        Json::String(text) => change(text),
        Json::Array(items) => items.iter_mut().for_each(|item| texts(item, change)),
        Json::Object(members) => members.values_mut().for_each(|member| texts(member, change)),
        _ => {}
    }
}

#[tokio::test]
async fn any_import_id_is_taken_or_refused() {
    let world = World::empty().await;
    let ids = [
        "dtu-mlops-data-482907/europe-west1/ct-scan",
        "dtu-mlops-data-482907/europe-west1/ct-scan?services=ct-scan-api&follow=false",
        "dtu-mlops-data-482907/europe-west1/ct-scan?buckets=ct-scan-*,other&topics=*",
    ];
    for mut mutator in rounds("import ids") {
        let id = mutator.text(ids[mutator.clone().below(ids.len())]);
        no_crash(&world.import_as(&id).await, &id);
    }
}

#[tokio::test]
async fn any_markdown_is_answered() {
    let world = World::empty().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../acceptance-tests/documents");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}.md")).unwrap();
    let documents = ["checkpoint", "context", "resume-guide", "roadmap", "summary"].map(read);
    for mut mutator in rounds("documents") {
        let text = mutator.text(&documents[mutator.clone().below(documents.len())]);
        let error = world.parse(&text).await.unwrap_or_default();
        assert!(!error.contains("crashed"), "{error} on {text}");
    }
}
