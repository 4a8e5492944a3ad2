//! The project's policy, which many write to: nothing of others is lost, and it is written once.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance_tests::{Fault, Mark, Scene, World, on_every_terraform};
use serde_json::{Value, json};

on_every_terraform! {
    members_of_others_survive_every_operation,
    each_policy_is_written_once_however_many_roles,
    a_policy_changed_in_between_is_read_again,
    two_applies_at_once_both_end_right,
}

const PROJECTS: &str = "cloudresourcemanager.googleapis.com";
const SECRETS: &str = "secretmanager.googleapis.com";
const WRITER: &str = "roles/logging.logWriter";
const METRICS: &str = "roles/monitoring.metricWriter";
const CLIENT: &str = "roles/cloudsql.client";
const STRANGER: &str = "user:somebody@example.com";

fn account(key: &str, roles: &[&str]) -> String {
    format!("service_accounts = {{ {key} = {{ roles = {} }} }}", json!(roles))
}

pub(crate) fn email(key: &str) -> String {
    format!("serviceAccount:{key}@ml-test-project.iam.gserviceaccount.com")
}

pub(crate) fn members(world: &World, role: &str) -> Vec<String> {
    world.cloud.snapshot().members(PROJECTS, "projects/ml-test-project", role)
}

/// Somebody grants a role, as the console does it.
pub(crate) fn grant(world: &World, role: &str, member: &str, condition: Option<Value>) {
    let mut binding = json!({"role": role, "members": [member]});
    if let Some(condition) = condition {
        binding["condition"] = condition;
    }
    change_policy(world, |bindings| {
        let same =
            bindings.iter_mut().find(|one| one["role"] == role && one.get("condition") == binding.get("condition"));
        match same {
            Some(one) => one["members"].as_array_mut().unwrap().push(json!(member)),
            None => bindings.push(binding),
        }
    });
}

/// Somebody takes a role away.
pub(crate) fn revoke(world: &World, role: &str, member: &str) {
    change_policy(world, |bindings| {
        for binding in bindings.iter_mut().filter(|binding| binding["role"] == role) {
            binding["members"].as_array_mut().unwrap().retain(|one| one != member);
        }
        bindings.retain(|binding| !binding["members"].as_array().unwrap().is_empty());
    });
}

fn change_policy(world: &World, change: impl FnOnce(&mut Vec<Value>)) {
    let path = "/v1/projects/ml-test-project";
    let options = json!({"options": {"requestedPolicyVersion": 3}});
    let (_, mut policy) = world.cloud.call("POST", PROJECTS, &format!("{path}:getIamPolicy"), Some(&options));
    change(policy["bindings"].as_array_mut().unwrap());
    policy["version"] = json!(3);
    let body = json!({"policy": policy});
    let (status, answer) = world.cloud.call("POST", PROJECTS, &format!("{path}:setIamPolicy"), Some(&body));
    assert_eq!(status, 200, "{answer}");
}

/// How often each policy was written, and with which status.
pub(crate) fn policy_writes(world: &World, since: Mark) -> BTreeMap<String, Vec<u16>> {
    let mut found = BTreeMap::<String, Vec<u16>>::new();
    for call in world.cloud.writes_since(since).into_iter().filter(|call| call.path.ends_with(":setIamPolicy")) {
        found.entry(call.line()).or_default().push(call.status);
    }
    found
}

fn members_of_others_survive_every_operation(scene: Scene) {
    let world = scene.small_world();
    let night = json!({"title": "night", "expression": "request.time.getHours() < 6"});
    grant(&world, WRITER, STRANGER, None);
    grant(&world, METRICS, STRANGER, Some(night));
    let expect = |what: &str, mine: &[(&str, bool)]| {
        for (role, has) in mine {
            assert_eq!(members(&world, role).contains(&email("trainer")), *has, "{what}: {role}");
        }
        for role in [WRITER, METRICS] {
            assert!(members(&world, role).contains(&STRANGER.to_owned()), "{what}: {role}");
        }
        assert_eq!(members(&world, "roles/owner"), ["user:owner@example.com"], "{what}");
    };
    world.apply_stack(&account("trainer", &[WRITER, METRICS]));
    expect("create", &[(WRITER, true), (METRICS, true)]);
    // Somebody else comes to one of our roles, and gives our account another one.
    grant(&world, METRICS, "user:second@example.com", None);
    grant(&world, CLIENT, &email("trainer"), None);
    world.expect_settled();
    world.apply_stack(&account("trainer", &[WRITER]));
    expect("update", &[(WRITER, true), (METRICS, false), (CLIENT, true)]);
    world.apply_stack("");
    expect("removal", &[(WRITER, false)]);
    world.apply_stack(&account("trainer", &[METRICS]));
    world.main.destroy().expect_success();
    expect("destroy", &[(METRICS, false)]);
    assert!(members(&world, METRICS).contains(&"user:second@example.com".to_owned()));
}

fn each_policy_is_written_once_however_many_roles(scene: Scene) {
    let world = scene.small_world();
    let mark = world.cloud.mark();
    world.apply_stack(&format!(
        r#"
  service_accounts = {{
    trainer = {{
      roles = ["{WRITER}", "{METRICS}", "{CLIENT}"]
      iam   = {{ "roles/iam.serviceAccountUser" = ["{STRANGER}"], "roles/iam.serviceAccountTokenCreator" = ["{STRANGER}"] }}
    }}
    server = {{ roles = ["{WRITER}", "{METRICS}", "roles/datastore.user"] }}
  }}
  secrets = {{
    key = {{
      iam = {{ "roles/secretmanager.secretAccessor" = ["trainer", "server"], "roles/secretmanager.viewer" = ["trainer"] }}
    }}
  }}"#
    ));
    // Google does not know fresh accounts everywhere at once, and refuses them until it does.
    for (line, statuses) in policy_writes(&world, mark) {
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{line}: {statuses:?}");
    }
    assert_eq!(members(&world, WRITER), [email("server"), email("trainer")]);
    let secret = "projects/ml-test-project/secrets/key";
    let accessors = world.cloud.snapshot().members(SECRETS, secret, "roles/secretmanager.secretAccessor");
    assert_eq!(accessors, [email("server"), email("trainer")]);
    let mark = world.cloud.mark();
    world.apply_stack(&account("trainer", &["roles/viewer", "roles/browser", CLIENT]));
    let writes = policy_writes(&world, mark);
    let of_project: Vec<_> = writes.iter().filter(|(line, _)| line.contains(PROJECTS)).collect();
    assert_eq!(of_project.iter().map(|(_, statuses)| statuses.as_slice()).collect::<Vec<_>>(), [[200]]);
    world.finish();
}

fn is_policy_write(call: &acceptance_tests::Request) -> bool {
    call.host == PROJECTS && call.path.ends_with(":setIamPolicy")
}

fn a_policy_changed_in_between_is_read_again(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&account("trainer", &[WRITER]));
    let mark = world.cloud.mark();
    let before = world.cloud.requests().iter().filter(|call| is_policy_write(call)).count();
    world.cloud.fault(&Fault::on("POST", ":setIamPolicy$").host(PROJECTS).delay(Duration::from_secs(3)));
    world.stack(&account("trainer", &[WRITER, METRICS]));
    let running = world.main.start_apply();
    world.cloud.wait_for("the write", |calls| calls.iter().filter(|call| is_policy_write(call)).count() > before);
    grant(&world, METRICS, STRANGER, None);
    running.wait().expect_success();
    let project = format!("POST {PROJECTS}/v1/projects/ml-test-project:setIamPolicy");
    let mut statuses = policy_writes(&world, mark)[&project].clone();
    statuses.sort();
    // The first one is refused; the second one and the stranger's are not.
    assert_eq!(statuses, [200, 200, 409]);
    assert_eq!(members(&world, METRICS), [email("trainer"), STRANGER.to_owned()]);
    world.expect_settled();
}

fn two_applies_at_once_both_end_right(scene: Scene) {
    let world = scene.small_world();
    grant(&world, METRICS, STRANGER, None);
    let stack = |key: &str, roles: &[&str]| {
        let body = account(key, roles);
        format!("resource \"mlops_stack\" \"it\" {{\n  name = \"{key}\"\n  deletion_protection = false\n  {body}\n}}\n")
    };
    let keys = ["stack-one", "stack-two"];
    let works = keys.map(|key| world.directory(key, &stack(key, &[WRITER])));
    for work in &works {
        work.apply(&[]).expect_success();
    }
    let mark = world.cloud.mark();
    let before = world.cloud.requests().iter().filter(|call| is_policy_write(call)).count();
    // Both have read the policy before either writes it.
    let slow = Fault::on("POST", ":setIamPolicy$").host(PROJECTS).times(2).delay(Duration::from_secs(5));
    world.cloud.fault(&slow);
    for (work, key) in works.iter().zip(keys) {
        work.write("main.tf", &format!("{}\n{}", world.header(), stack(key, &[METRICS, CLIENT])));
    }
    let running = works.each_ref().map(|work| work.start_apply());
    world
        .cloud
        .wait_for("both writes", |calls| calls.iter().filter(|call| is_policy_write(call)).count() >= before + 2);
    for one in running {
        one.wait().expect_success();
    }
    let statuses = policy_writes(&world, mark).into_values().flatten().collect::<Vec<_>>();
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 1, "{statuses:?}");
    let both = [email("stack-one"), email("stack-two")];
    assert_eq!(members(&world, CLIENT), both);
    assert_eq!(members(&world, METRICS), [both[0].clone(), both[1].clone(), STRANGER.to_owned()]);
    assert_eq!(members(&world, WRITER), Vec::<String>::new());
    for work in &works {
        work.plan(&[]).expect_empty();
        work.destroy().expect_success();
    }
    assert_eq!(members(&world, METRICS), [STRANGER]);
}
