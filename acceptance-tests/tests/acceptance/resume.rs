//! What is interrupted goes on: an apply that failed somewhere is completed by the next one, and nothing is deleted or
//! made twice on the way.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use acceptance_tests::{CloudOptions, Fault, Lag, Mark, Scene, Seed, Terraform, World, on_every_terraform};
use serde_json::{Value, json};

use crate::wire::{MONITORING, RUN, bucket, channels, policies, service};

on_every_terraform! {
    a_create_that_fails_at_any_call_is_completed_by_the_next_apply,
    a_create_that_fails_twice_is_completed_by_the_third_apply,
    a_create_that_fails_twice_under_create_before_destroy_deletes_nothing,
    objects_without_labels_under_create_before_destroy_are_gone_on_with,
    an_account_whose_creation_got_no_answer_is_waited_for,
    an_account_that_was_made_and_cannot_be_read_is_in_the_state,
    a_component_left_out_after_a_failed_create_is_released,
    a_failed_update_leaves_the_truth_in_the_state,
    a_failed_destroy_goes_on_where_it_stopped,
    a_stack_that_is_tainted_by_hand_stays_as_it_is,
    a_stack_replaced_on_request_stays_as_it_is,
    an_imported_component_stays_imported_when_its_stack_is_replaced,
    a_service_whose_first_revision_failed_is_repaired,
    a_service_whose_new_revision_failed_is_repaired,
    a_service_made_while_the_user_stops_is_in_the_state,
    a_replaced_channel_is_made_before_the_old_one_goes,
}

/// Takes the whole product of calls, failures and life cycles, and the whole environment.
const WHOLE_MATRIX: &str = "WHOLE_MATRIX";

/// Worlds at once.
const WORKERS: usize = 3;

/// How a call fails.
#[derive(Clone, Copy, Debug)]
enum Failure {
    /// Refused, without an effect.
    Denied,
    /// Done, and the answer is lost.
    AnswerLost,
}

impl Failure {
    fn at(self, call: u32) -> Fault {
        let fault = Fault::on_any_call().after(call).times(1);
        match self {
            Self::Denied => fault.status(403, "PERMISSION_DENIED"),
            Self::AnswerLost => fault.dropped_after(),
        }
    }
}

/// One cell of the matrix.
#[derive(Clone, Copy, Debug)]
struct Case {
    call: u32,
    failure: Failure,
    create_before_destroy: bool,
}

/// Says which case it was when its test fails in another thread.
struct Named(Case);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the case was {:?}", self.0);
        }
    }
}

/// The CT-scan environment, made from nothing: all of it where that is asked for, else the objects with a stamp. Under
/// `create_before_destroy` Terraform shows the provider nothing of what the interrupted apply left, so that only these
/// are found again.
fn ct_scan(scene: &Scene, create_before_destroy: bool) -> World {
    // Lags that are counted in calls: every run of a case makes the same ones.
    let options = CloudOptions { new_accounts: Some(Lag::Looks(2)), ..CloudOptions::default() };
    let world = World::new(scene, Seed::ct_scan_project(), options);
    if is_whole() && !create_before_destroy {
        crate::environment::load(&world, &world.main);
        // As after an init: a plan leaves there what its apply needs for the phases.
        std::fs::create_dir(world.main.path.join(".terraform")).unwrap();
    } else {
        let lifecycle = |first: bool| format!("create_before_destroy = {first}");
        world.config(&include_str!("resume/stamped.tf").replace(&lifecycle(false), &lifecycle(create_before_destroy)));
    }
    world
}

fn is_whole() -> bool {
    std::env::var_os(WHOLE_MATRIX).is_some()
}

fn deletes(world: &World) -> Vec<String> {
    world.cloud.requests().iter().filter(|call| call.method == "DELETE").map(|call| call.line()).collect()
}

/// Each object that the server names is there once.
fn expect_no_twins(world: &World) {
    for objects in [channels(world), policies(world)] {
        let names: Vec<String> = objects.iter().map(|object| object.body["displayName"].to_string()).collect();
        let distinct: BTreeSet<&String> = names.iter().collect();
        assert_eq!(names.len(), distinct.len(), "made twice: {names:?}");
    }
}

#[track_caller]
fn expect_complete(world: &World) {
    assert_eq!(deletes(world), Vec::<String>::new());
    world.main.plan(&[]).expect_empty();
    world.expect_agreement();
    expect_no_twins(world);
}

fn complete_after(scene: &Scene, case: Case) {
    let _named = Named(case);
    let world = ct_scan(scene, case.create_before_destroy);
    world.cloud.fault(&case.failure.at(case.call));
    world.main.apply(&[]);
    world.cloud.clear_faults();
    world.main.apply(&[]).expect_success();
    expect_complete(&world);
    assert_eq!((channels(&world).len(), policies(&world).len()), (1, 7));
}

/// The cases of this Terraform. Every call is denied, under the life cycles in turn, which another Terraform takes the other
/// way round; and every fifth call's answer is lost.
fn cases(scene: &Scene) -> Vec<Case> {
    let is_alone = Terraform::installed().is_none();
    let is_other = scene.name.contains("1_15");
    let is_mine = |case: &Case| {
        let is_turn = is_alone || (case.call.is_multiple_of(2) == case.create_before_destroy) == is_other;
        is_whole() || (is_turn && (matches!(case.failure, Failure::Denied) || case.call.is_multiple_of(5)))
    };
    let all = [false, true].into_iter().flat_map(|create_before_destroy| {
        let whole = ct_scan(scene, create_before_destroy);
        whole.main.apply(&[]).expect_success();
        let failures = [Failure::Denied, Failure::AnswerLost];
        (0..u32::try_from(whole.cloud.requests().len()).unwrap())
            .flat_map(move |call| failures.map(|failure| Case { call, failure, create_before_destroy }))
    });
    all.filter(is_mine).collect()
}

fn a_create_that_fails_at_any_call_is_completed_by_the_next_apply(scene: Scene) {
    let cases = cases(&scene);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    complete_after(&scene, *case);
                }
            });
        }
    });
}

const STACK: &str = r#"
  buckets    = { a = { name = "ml-test-a" }, b = { name = "ml-test-b", labels = { tier = "one" } } }
  registries = { images = { name = "images" } }
  services = {
    api = {
      image   = "europe-west1-docker.pkg.dev/ml-test-project/images/api:1"
      volumes = { data = { bucket = "a", mount_path = "/data" } }
      iam     = { "roles/run.invoker" = ["allUsers"] }
    }
  }
  notification_channels = { team = { type = "email", display_name = "Team", labels = { email_address = "a@example.com" } } }
  alert_policies        = { down = { preset = "api_downtime", service = "api", channels = ["team"] } }"#;

const MADE_FIRST: &str = "\n  lifecycle {\n    create_before_destroy = true\n  }\n";

fn denied(method: &str, path: &str) -> Fault {
    Fault::on(method, path).status(403, "PERMISSION_DENIED").times(1)
}

fn fails_twice(world: &World) {
    world.cloud.fault(&denied("POST", "/services$"));
    world.failed_apply();
    world.cloud.clear_faults();
    world.cloud.fault(&denied("POST", "/alertPolicies$"));
    world.failed_apply();
    world.cloud.clear_faults();
    world.main.apply(&[]).expect_success();
    expect_complete(world);
}

fn a_create_that_fails_twice_is_completed_by_the_third_apply(scene: Scene) {
    let world = scene.small_world();
    world.stack(STACK);
    fails_twice(&world);
    world.finish();
}

fn a_create_that_fails_twice_under_create_before_destroy_deletes_nothing(scene: Scene) {
    let world = scene.small_world();
    world.stack(&format!("{STACK}{MADE_FIRST}"));
    fails_twice(&world);
    world.finish();
}

fn objects_without_labels_under_create_before_destroy_are_gone_on_with(scene: Scene) {
    let accounts = "\n  service_accounts = { api = { name = \"churn-api\", roles = [\"roles/logging.logWriter\"] } }";
    let world = scene.small_world();
    world.cloud.fault(&denied("POST", "/services$"));
    world.stack(&format!("{STACK}{accounts}{MADE_FIRST}"));
    world.failed_apply();
    world.cloud.clear_faults();
    // Terraform does not show the provider what the first apply made: it is known by what it is.
    world.main.apply(&[]).expect_success();
    expect_complete(&world);
    world.expect_settled();
    world.expect_agreement();
}

const ACCOUNT: &str = "service_accounts = { api = { name = \"churn-api\", roles = [\"roles/logging.logWriter\"] } }";

/// Google's replicas do not all know a new account at once, and it has no labels to be known by.
fn an_account_whose_creation_got_no_answer_is_waited_for(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/serviceAccounts$").dropped_after().times(1));
    world.apply_stack(ACCOUNT);
    world.finish();
}

/// How often an apply looks for the account before it creates it.
fn looks_before_creation(scene: &Scene) -> u32 {
    let world = scene.clone().small_world();
    world.apply_stack(ACCOUNT);
    let calls = world.cloud.requests();
    let before = calls.iter().take_while(|call| !(call.method == "POST" && call.path.ends_with("/serviceAccounts")));
    let looks = before.filter(|call| call.method == "GET" && call.path.contains("/serviceAccounts/churn-api"));
    u32::try_from(looks.count()).unwrap()
}

fn an_account_that_was_made_and_cannot_be_read_is_in_the_state(scene: Scene) {
    // The first look after the creation does not see the account yet; those that follow are refused.
    let looks = looks_before_creation(&scene) + 1;
    let options = CloudOptions { new_accounts: Some(Lag::Looks(1)), ..CloudOptions::default() };
    let world = World::new(&scene, Seed::small(), options);
    let refused = Fault::on("GET", "/serviceAccounts/churn-api").after(looks).until_cleared();
    world.cloud.fault(&refused.status(403, "PERMISSION_DENIED"));
    world.stack(ACCOUNT);
    world.failed_apply().error(&["churn-api", "GET"]);
    assert_eq!(world.main.state().resource("mlops_stack.it").get("/service_accounts/api/name"), "churn-api");
    world.cloud.clear_faults();
    world.main.apply(&[]).expect_success();
    expect_complete(&world);
    world.finish();
}

fn a_component_left_out_after_a_failed_create_is_released(scene: Scene) {
    for lifecycle in ["", MADE_FIRST] {
        let world = scene.clone().small_world();
        world.cloud.fault(&denied("POST", "/services$"));
        world.stack(&format!("{STACK}{lifecycle}"));
        world.failed_apply();
        world.stack(&format!(
            "{}{lifecycle}",
            STACK.replace(r#", b = { name = "ml-test-b", labels = { tier = "one" } }"#, "")
        ));
        world.main.apply(&[]).expect_success().diagnostics.warning(&["1 object will be released", "ml-test-b"]);
        assert_eq!(deletes(&world), Vec::<String>::new());
        world.finish_keeping(&["/b/ml-test-b"]);
    }
}

fn a_failed_update_leaves_the_truth_in_the_state(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(STACK);
    world.cloud.fault(&denied("PATCH", "/b/ml-test-b$"));
    let changed = STACK.replace(r#"tier = "one""#, r#"tier = "two""#).replace("api:1", "api:2");
    let changed = changed.replace("buckets    = {", r#"buckets    = { c = { name = "ml-test-c" },"#);
    world.stack(&changed);
    world.failed_apply().error(&["ml-test-b"]);
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(stack.get("/status"), "incomplete");
    assert_eq!(stack.get("/buckets/b/labels/tier"), "one");
    assert_eq!(stack.get("/buckets/c/name"), "ml-test-c");
    assert!(stack.str("/services/api/image").ends_with("api:2"));
    assert!(!stack.is_tainted());
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(world.writes(mark), ["PATCH storage.googleapis.com/storage/v1/b/ml-test-b"]);
    assert_eq!(bucket(&world, "ml-test-b")["labels"]["tier"], "two");
    world.finish();
}

fn a_failed_destroy_goes_on_where_it_stopped(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(STACK);
    world.cloud.fault(&denied("DELETE", "/b/ml-test-a$"));
    world.failed_destroy().error(&["ml-test-a"]);
    let stack = world.main.state().resource("mlops_stack.it");
    let keys = |kind: &str| -> Vec<String> {
        stack.get(kind).as_object().into_iter().flat_map(|map| map.keys().cloned()).collect()
    };
    assert_eq!(keys("/buckets"), ["a"]);
    assert_eq!(keys("/services"), Vec::<String>::new());
    world.expect_clean_destroy(&[]);
}

/// Runs an apply that Terraform calls a replacement, and compares the cloud before and after.
fn nothing_happens(world: &World, arguments: &[&str]) {
    let (mark, before) = (world.cloud.mark(), world.cloud.snapshot());
    let applied = world.main.apply(arguments).expect_success();
    assert_eq!((applied.counts.add, applied.counts.remove), (1, 1), "Terraform should count a replacement");
    // A creation that meets its own object is refused, and changes nothing.
    world.cloud.expect_no_effects_since(mark);
    assert_eq!(world.cloud.snapshot().differences_from(&before), Vec::<String>::new());
}

fn a_stack_that_is_tainted_by_hand_stays_as_it_is(scene: Scene) {
    for lifecycle in ["", MADE_FIRST] {
        let world = scene.clone().small_world();
        world.apply_stack(&format!("{STACK}{lifecycle}"));
        assert_eq!(world.main.run(&["taint", "mlops_stack.it"]).code, 0);
        nothing_happens(&world, &[]);
        world.finish();
    }
}

fn a_stack_replaced_on_request_stays_as_it_is(scene: Scene) {
    for lifecycle in ["", MADE_FIRST] {
        let world = scene.clone().small_world();
        world.apply_stack(&format!("{STACK}{lifecycle}"));
        nothing_happens(&world, &["-replace=mlops_stack.it"]);
        world.finish();
    }
}

fn an_imported_component_stays_imported_when_its_stack_is_replaced(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let id = "dtu-mlops-data-482907/europe-west1/ct-scan?buckets=*&follow=false";
    let work = world.directory("import", &format!("import {{\n  to = mlops_stack.ct_scan\n  id = \"{id}\"\n}}\n"));
    assert!(work.generate_config("generated.tf").succeeded());
    work.apply(&[]).expect_success();
    let buckets =
        |work: &acceptance_tests::Workdir| work.state().resource("mlops_stack.ct_scan").get("/buckets").clone();
    let is_imported =
        |buckets: &Value| buckets.as_object().unwrap().values().all(|bucket| bucket["imported"] == json!(true));
    assert!(is_imported(&buckets(&work)));
    work.apply(&["-replace=mlops_stack.ct_scan"]).expect_success();
    assert!(is_imported(&buckets(&work)), "{:#}", buckets(&work));
    assert_eq!(world.cloud.snapshot().differences_from(&world.before), Vec::<String>::new());
    work.plan(&[]).expect_empty();
}

fn a_service_whose_first_revision_failed_is_repaired(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/services$").host(RUN).operation_error().times(1));
    world.stack(STACK);
    world.failed_apply().error(&["api"]);
    assert_eq!(service(&world, "api")["terminalCondition"]["state"], "CONDITION_FAILED");
    world.main.apply(&[]).expect_success();
    assert_eq!(service(&world, "api")["terminalCondition"]["state"], "CONDITION_SUCCEEDED");
    expect_complete(&world);
    world.finish();
}

fn a_service_whose_new_revision_failed_is_repaired(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(STACK);
    world.cloud.fault(&Fault::on("PATCH", "/services/api$").host(RUN).operation_error().times(1));
    world.stack(&STACK.replace("api:1", "api:2"));
    world.failed_apply().error(&["api"]);
    assert_eq!(service(&world, "api")["terminalCondition"]["state"], "CONDITION_FAILED");
    world.main.apply(&[]).expect_success();
    assert_eq!(service(&world, "api")["terminalCondition"]["state"], "CONDITION_SUCCEEDED");
    expect_complete(&world);
    world.finish();
}

fn a_service_made_while_the_user_stops_is_in_the_state(scene: Scene) {
    let world = scene.slow_world(Seed::small(), std::time::Duration::from_millis(200));
    world.stack(STACK);
    let running = world.main.start_apply();
    world.cloud.wait_for("the service's operation", |calls| {
        calls.iter().any(|call| call.method == "POST" && call.path.ends_with("/services") && call.status == 200)
    });
    running.interrupt();
    running.wait().expect_failure();
    world.expect_agreement();
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!((stack.get("/status"), stack.get("/services/api/name")), (&json!("incomplete"), &json!("api")));
    world.main.apply(&[]).expect_success();
    expect_complete(&world);
    world.finish();
}

fn a_replaced_channel_is_made_before_the_old_one_goes(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(STACK);
    let old = channels(&world).remove(0);
    world.stack(&STACK.replace(
        r#"type = "email", display_name = "Team", labels = { email_address = "a@example.com" }"#,
        r#"type = "sms", display_name = "Team", labels = { number = "+15551234567" }, allow_replacement = true"#,
    ));
    let mark: Mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    let of_monitoring = |line: &String| line.contains(MONITORING);
    let verbs: Vec<String> =
        world.writes(mark).into_iter().filter(of_monitoring).map(|line| line[..5].to_owned()).collect();
    assert_eq!(verbs, ["POST ", "PATCH", "DELET"]);
    let new = channels(&world);
    assert_eq!(new.len(), 1);
    assert_ne!(new[0].path, old.path);
    let used = policies(&world)[0].body["notificationChannels"][0].as_str().unwrap().to_owned();
    assert!(new[0].path.ends_with(&used), "{used}");
    world.finish();
}
