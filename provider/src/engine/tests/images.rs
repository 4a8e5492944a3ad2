//! Images of stacks: what they hold, and what the stack of one is found to be when it is read again.

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::operations::{World, denied, everything};
use crate::engine::image::{Comparison, Difference, ImageError, StackImage, StackImages};
use crate::engine::model::Stack;
use crate::google::api::testing::minute;
use crate::google::kinds::fixtures;
use crate::google::stack::{GOOGLE, LAYOUT};

const BUCKET: &str = "/storage/v1/b/test-data";

fn merge(service: &str, path: &str, merge: Json) -> Json {
    json!({"service": service, "path": path, "merge": merge})
}

/// What is found of a stack of `components` after `edit`.
async fn found_after(components: &Json, edit: Option<Json>) -> Comparison {
    let world = World::new().await;
    let image = StackImage::from_state(&world.make(components).await).unwrap();
    if let Some(edit) = edit {
        world.edit(edit);
    }
    image.verify(&GOOGLE, &world.connection(), &minute()).await.unwrap_or_else(|problems| panic!("{problems:?}"))
}

async fn differences_after(components: &Json, edit: Json) -> Vec<String> {
    found_after(components, Some(edit)).await.differences.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn an_image_comes_back_from_bytes_and_from_text_as_it_was() {
    let world = World::new().await;
    let stack = world.make(&everything()).await;
    let image = StackImage::from_state(&stack).unwrap();
    assert_eq!(image.id(), "projects/test-project/locations/europe-west1/stacks/it");
    assert_eq!(Some(image.fingerprint()), stack.text("fingerprint"));
    for again in [StackImage::from_bytes(&image.to_bytes()), StackImage::from_text(&image.to_text())] {
        let again = again.unwrap();
        assert_eq!(again, image);
        assert_eq!(again.stack(&LAYOUT).unwrap(), stack);
    }
}

#[tokio::test]
async fn a_stack_that_nobody_touched_is_found_as_recorded() {
    let found = found_after(&everything(), None).await;
    assert_eq!((found.objects, found.differences), (6, vec![]));
}

#[tokio::test]
async fn a_changed_setting_is_told_with_both_values() {
    let edit = merge("storage.googleapis.com", BUCKET, json!({"versioning": {"enabled": true}}));
    assert_eq!(differences_after(&everything(), edit).await, ["buckets[\"data\"].versioning was false and is true"]);
}

#[tokio::test]
async fn only_the_part_that_changed_of_a_setting_is_told() {
    let rule = |age: u32| json!({"action": {"type": "Delete"}, "condition": {"age": age}});
    let components = json!({"buckets": {"data": {"name": "test-data", "lifecycle_rules": [
        {"action": "Delete", "age": 30}, {"action": "Delete", "age": 90, "matches_prefix": ["tmp/"]},
    ]}}});
    let mut second = rule(60);
    second["condition"]["matchesPrefix"] = json!(["tmp/"]);
    let edit = merge("storage.googleapis.com", BUCKET, json!({"lifecycle": {"rule": [rule(30), second]}}));
    assert_eq!(
        differences_after(&components, edit).await,
        ["buckets[\"data\"].lifecycle_rules[1].age was 90 and is 60"]
    );
}

#[tokio::test]
async fn an_object_that_is_gone_is_told_with_its_name() {
    let edit = json!({"service": "storage.googleapis.com", "path": "/storage/v1/b/test-logs", "delete": true});
    let found = found_after(&everything(), Some(edit)).await;
    assert_eq!(found.objects, 5);
    let object = Some("//storage.googleapis.com/projects/_/buckets/test-logs".to_owned());
    let component = "buckets[\"logs\"]".to_owned();
    let gone: Vec<_> = found.differences.into_iter().collect();
    assert!(gone.contains(&Difference::Gone { component, object }), "{gone:?}");
}

#[tokio::test]
async fn a_revoked_grant_is_told_with_its_role() {
    let edit = merge("storage.googleapis.com", &format!("{BUCKET}/iam"), json!({"bindings": []}));
    let differences = differences_after(&everything(), edit).await;
    assert!(differences.len() == 1 && differences[0].contains("roles/storage.objectViewer"), "{differences:?}");
}

#[tokio::test]
async fn values_of_the_environment_are_not_told() {
    let components =
        json!({"services": {"api": super::service(&json!({"env": {"PASSWORD": "hush-one", "MODE": "a"}}))}});
    let world = World::new().await;
    let stack = world.make(&components).await;
    let image = StackImage::from_state(&stack).unwrap();
    let mut after = stack.clone();
    let mut parts = after.components();
    for component in parts.values_mut() {
        let env = [("PASSWORD", "hush-two"), ("EXTRA", "hush-three")]
            .map(|(name, value)| (name.to_owned(), Dynamic::string(value)));
        crate::engine::tree::set(component, "env", Dynamic::Map(env.into()));
    }
    after.set_components(&parts, &stack);
    after.set("fingerprint", Dynamic::string("other"));
    let found = crate::engine::image::compare(&image.stack(&LAYOUT).unwrap(), after, &super::scope());
    let told: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "services[\"api\"].env[\"EXTRA\"] was absent and is a text that is not shown",
            "services[\"api\"].env[\"MODE\"] was a text that is not shown and is absent",
            "services[\"api\"].env[\"PASSWORD\"] was a text that is not shown and is another",
        ]
    );
}

#[tokio::test]
async fn a_stack_that_cannot_be_read_is_no_stack_without_differences() {
    let world = World::new().await;
    let image = StackImage::from_state(&world.make(&everything()).await).unwrap();
    for _ in 0..2 {
        world.fault("GET", "/storage/v1/b", denied());
    }
    for path in ["/b/test-data$", "/b/test-logs$"] {
        world.fault("GET", path, denied());
    }
    assert!(image.verify(&GOOGLE, &world.connection(), &minute()).await.is_err());
}

#[test]
fn a_stack_that_is_not_wholly_known_has_no_image() {
    let mut stack = Stack::empty(&LAYOUT);
    assert!(matches!(StackImage::from_state(&stack), Err(ImageError::NoId)));
    stack.set("id", Dynamic::string("projects/p/locations/r/stacks/s"));
    stack.set("fingerprint", Dynamic::Unknown);
    assert!(matches!(StackImage::from_state(&stack), Err(ImageError::Pack(_))));
}

#[test]
fn what_is_no_image_is_refused() {
    assert!(matches!(StackImage::from_bytes(b"not an image"), Err(ImageError::Unpack(_))));
    assert!(matches!(StackImage::from_text("not base64!"), Err(ImageError::Text(_))));
}

/// A stack with an id and nothing else to know.
fn stack(fingerprint: &str) -> Stack {
    let mut stack = Stack::empty(&LAYOUT);
    stack.set("id", Dynamic::string("projects/p/locations/r/stacks/s"));
    stack.set("fingerprint", Dynamic::string(fingerprint));
    stack
}

#[test]
fn a_session_keeps_the_newest_image_of_each_stack() {
    let images = StackImages::default();
    images.observe_first(&stack("one"));
    images.observe(&stack("two"));
    images.observe_first(&stack("one"));
    assert_eq!(images.get("projects/p/locations/r/stacks/s").unwrap().fingerprint(), "two");
    images.forget("projects/p/locations/r/stacks/s");
    assert!(images.get("projects/p/locations/r/stacks/s").is_none());
}

#[test]
fn write_only_values_are_in_no_image() {
    let channel = json!({"type": "slack", "sensitive_labels_wo": {"auth_token": "hush"}});
    let mut stack = stack("one");
    let kind = crate::google::kinds::kind("notification_channels").unwrap();
    let component = fixtures::component(kind, &channel);
    assert!(format!("{component:?}").contains("hush"));
    stack.set("notification_channels", Dynamic::Map([("team".to_owned(), component)].into()));
    let text = format!("{:?}", StackImage::from_state(&stack).unwrap().stack(&LAYOUT).unwrap());
    assert!(text.contains("slack") && !text.contains("hush"));
}
