use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    component, created, differences, problems, problems_when_new, read_body, refused, scope, set, updated,
};
use crate::google::kinds::{kind, rest_kind};

fn roles() -> &'static AnyKind {
    kind("custom_roles").unwrap()
}

/// A role as a GET answers it.
fn body() -> Json {
    json!({
        "name": "projects/dtu-mlops-data-482907/roles/model_reader",
        "title": "Model reader",
        "description": "Reads models and nothing else",
        "includedPermissions": ["storage.objects.list", "storage.objects.get"],
        "stage": "GA",
        "etag": "BwZJ1pQ2c3Q=",
    })
}

fn hcl() -> Json {
    json!({
        "name": "model_reader", "title": "Model reader", "description": "Reads models and nothing else",
        "permissions": ["storage.objects.get", "storage.objects.list"],
    })
}

#[test]
fn a_role_is_what_its_configuration_says() {
    let configured = component(roles(), &hcl());
    assert_eq!(differences(roles(), &configured, &read_body(roles(), &body())), Vec::<String>::new());
    assert_eq!(wire::unexpressed(roles().object(), &body(), roles().unmanaged()), Vec::<String>::new());
}

#[test]
fn a_creation_has_the_name_beside_the_role_and_says_the_stage() {
    let made = created(roles(), &json!({"name": "reader", "permissions": ["storage.objects.get"]}));
    assert_eq!(
        made,
        json!({"roleId": "reader", "role": {"includedPermissions": ["storage.objects.get"], "stage": "GA"}})
    );
}

#[test]
fn a_role_that_shows_no_stage_is_in_alpha() {
    let mut alpha = body();
    alpha.as_object_mut().unwrap().remove("stage");
    assert_eq!(read_body(roles(), &alpha).get("stage"), &Dynamic::string("ALPHA"));
    let (wanted, mask) = updated(roles(), &alpha, |role| set(role, "stage", Dynamic::string("BETA")));
    assert_eq!((&wanted["stage"], mask), (&json!("BETA"), vec!["stage".to_owned()]));
    let (wanted, mask) = updated(roles(), &body(), |role| set(role, "stage", Dynamic::string("ALPHA")));
    assert_eq!((&wanted["stage"], mask), (&json!("ALPHA"), vec!["stage".to_owned()]));
}

#[test]
fn an_update_carries_the_permissions_alone_where_they_alone_changed() {
    let (wanted, mask) = updated(roles(), &body(), |role| {
        set(role, "permissions", Dynamic::set(["storage.objects.get", "storage.buckets.get"].map(Dynamic::string)));
    });
    assert_eq!(mask, ["includedPermissions"]);
    assert_eq!(wanted["includedPermissions"], json!(["storage.objects.get", "storage.buckets.get"]));
}

#[test]
fn a_role_of_no_permissions_has_an_empty_set_of_them() {
    assert_eq!(roles().derive(&json!({"stage": "GA"}), &scope()), [("permissions", Dynamic::set([]))]);
    assert_eq!(roles().derive(&body(), &scope()), []);
}

#[test]
fn the_id_is_what_policies_grant() {
    let predicted = roles().predict(&component(roles(), &hcl()), &scope());
    assert_eq!(predicted, [("id", Dynamic::string("projects/dtu-mlops-data-482907/roles/model_reader"))]);
}

#[test]
fn a_deleted_role_is_gone() {
    let undeletion = rest_kind(roles()).undeletion().unwrap();
    assert!(undeletion.is_deleted(&json!({"deleted": true})));
    assert!(!undeletion.is_deleted(&body()));
}

#[test]
fn names_have_a_rule() {
    for name in ["ab", "model-reader", "model reader", "rôle", &"a".repeat(65)] {
        let mut role = hcl();
        role["name"] = json!(name);
        refused(roles(), &role, ".name", "no '-'");
    }
    for name in ["abc", "Model_Reader.2", &"a".repeat(64)] {
        assert_eq!(problems(roles(), &json!({"name": name, "permissions": []})), []);
    }
}

#[test]
fn texts_have_limits() {
    let with = |attribute: &str, text: String| {
        let mut role = hcl();
        role[attribute] = json!(text);
        role
    };
    refused(roles(), &with("title", "é".repeat(51)), ".title", "at most 100 bytes; it has 102");
    refused(roles(), &with("description", "é".repeat(257)), ".description", "at most 256 characters; it has 257");
    assert_eq!(problems_when_new(roles(), &with("description", "é".repeat(256))), []);
}

#[test]
fn permissions_are_written_in_full() {
    let with = |permission: &str| json!({"name": "reader", "permissions": [permission]});
    for permission in ["storage.*", "storage.objects.*", "roles/storage.admin", "storage", "storage.objects", "a b.c.d"]
    {
        refused(roles(), &with(permission), ".permissions", "SERVICE.RESOURCE.VERB");
    }
    for permission in
        ["storage.objects.get", "iam.googleapis.com/workloadIdentityPools.get", "cloudkms.cryptoKeys.list"]
    {
        assert_eq!(problems_when_new(roles(), &with(permission)), []);
    }
}

#[test]
fn a_role_has_so_many_permissions_and_no_more() {
    let with = |count: usize| {
        let permissions: Vec<String> = (0..count).map(|number| format!("service{number}.things.get")).collect();
        json!({"name": "reader", "permissions": permissions})
    };
    assert_eq!(problems_when_new(roles(), &with(3000)), []);
    refused(roles(), &with(3001), ".permissions", "this one has 3001");
}
