//! Documents that cannot be read are named, and left as they are.

use terraform_provider_mlops::checkpoint::archive::{Archive, LoadError, SaveError};
use terraform_provider_mlops::checkpoint::store::chain;

use crate::phases::{by, document, phase};
use crate::world::{World, minute};

/// What every way to meet the document says of it.
async fn refusals(world: &World, key: &str, content: &str) -> Vec<String> {
    let (archive, ctx) = (world.archive(), minute());
    let stored = archive.save(&ctx, &document("2"), None).await.unwrap();
    archive.save(&ctx, &document("1"), None).await.unwrap();
    world.force(key, content).await;
    let load: LoadError = archive.load(&ctx, &phase("2")).await.unwrap_err();
    let rollout: LoadError = archive.rollout(&ctx).await.unwrap_err();
    let create: SaveError = archive.save(&ctx, &by(&document("2"), "ben"), None).await.unwrap_err();
    let change: SaveError = archive.save(&ctx, &by(&document("2"), "ben"), Some(&stored)).await.unwrap_err();
    let remove: SaveError = archive.remove(&ctx, &stored).await.unwrap_err();
    assert_eq!(world.text(key).await.as_deref(), Some(content), "it was overwritten");
    vec![chain(&load), chain(&rollout), chain(&create), chain(&change), chain(&remove)]
}

fn uri(archive: &Archive) -> String {
    archive.uri(&phase("2"))
}

pub(crate) async fn a_damaged_document_is_named_and_left(world: World) {
    for refusal in refusals(&world, "phases/2.json", "{\"format\": 1, \"phase\": \"2\", \"tit").await {
        assert!(refusal.contains(&uri(&world.archive())) && refusal.contains("it is damaged"), "{refusal}");
        assert!(refusal.contains("restore the last good content"), "{refusal}");
    }
}

pub(crate) async fn a_document_of_a_newer_format_is_named_and_left(world: World) {
    for refusal in refusals(&world, "phases/2.json", "{\"format\": 7, \"phase\": \"2\", \"stage\": {}}").await {
        assert!(refusal.contains(&uri(&world.archive())) && refusal.contains("it has format 7"), "{refusal}");
        assert!(refusal.contains("use a newer version of the provider"), "{refusal}");
    }
}

pub(crate) async fn a_document_under_the_name_of_another_is_named(world: World) {
    let other = String::from_utf8(document("9").to_json().unwrap()).unwrap();
    for refusal in refusals(&world, "phases/2.json", &other).await {
        assert!(refusal.contains(&uri(&world.archive())) && refusal.contains("holds phase 9"), "{refusal}");
    }
}
