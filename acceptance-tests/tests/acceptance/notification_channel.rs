//! Notification channels.

use acceptance_tests::{Scene, on_every_terraform};

use crate::wire::{MONITORING, channels};

on_every_terraform! {
    a_channel_is_made_as_declared,
    a_secret_label_is_sent_and_kept_nowhere,
    a_change_of_the_labels_sends_the_secrets_again,
    a_channel_removed_elsewhere_is_made_again,
}

fn a_channel_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(
        r#"
  notification_channels = {
    team = {
      type         = "email"
      display_name = "The team"
      labels       = { email_address = "team@example.com" }
      user_labels  = { tier = "one" }
    }
    quiet = { type = "email", labels = { email_address = "quiet@example.com" }, enabled = false }
  }"#,
    );
    let made = channels(&world);
    let team = made.iter().find(|channel| channel.body["displayName"] == "The team").unwrap();
    assert_eq!(team.body["labels"]["email_address"], "team@example.com");
    assert_eq!(team.body["userLabels"]["tier"], "one");
    let quiet = made.iter().find(|channel| channel.body["labels"]["email_address"] == "quiet@example.com").unwrap();
    assert_eq!(quiet.body["enabled"], false);
    let id = world.main.state().resource("mlops_stack.it").str("/notification_channels/team/id").to_owned();
    assert!(team.path.ends_with(&id), "{} does not end with {id}", team.path);
    world.finish();
}

fn a_secret_label_is_sent_and_kept_nowhere(scene: Scene) {
    let world = scene.small_world();
    let token = "xoxb-1234567890-very-secret";
    let with = |version: u32, display_name: &str| {
        format!(
            r##"
  notification_channels = {{
    slack = {{
      type                        = "slack"
      display_name                = "{display_name}"
      labels                      = {{ channel_name = "#alerts" }}
      sensitive_labels_wo         = {{ auth_token = "{token}" }}
      sensitive_labels_wo_version = {version}
    }}
  }}"##
        )
    };
    let log = world.path().join("terraform.log");
    let logged = world.main.with_env("TF_LOG", "TRACE").with_env("TF_LOG_PATH", &log.display().to_string());
    world.stack(&with(1, "Slack"));
    let applied = logged.apply(&[]).expect_success();
    // Terraform itself logs nothing of a write-only value, so whatever shows was ours.
    for (place, text) in [
        ("state", world.main.state_file()),
        ("output", applied.output.stdout.clone()),
        ("log", std::fs::read_to_string(&log).unwrap_or_default()),
    ] {
        assert!(!text.contains(token), "the token is in the {place}");
    }
    // Nothing to do while the version stays, also when something else changes.
    let mark = world.cloud.mark();
    world.apply_stack(&with(1, "Slack alerts"));
    assert_eq!(world.writes(mark).len(), 1);
    world.apply_stack(&with(2, "Slack alerts"));
    assert_eq!(world.writes(mark).len(), 2);
    world.expect_settled();
    world.expect_clean_destroy(&[]);
}

fn a_change_of_the_labels_sends_the_secrets_again(scene: Scene) {
    let world = scene.small_world();
    let with = |channel: &str, secret: &str| {
        format!(
            r##"
  notification_channels = {{
    slack = {{
      type                        = "slack"
      display_name                = "Slack"
      labels                      = {{ channel_name = "{channel}" }}
      sensitive_labels_wo_version = 1
      {secret}
    }}
  }}"##
        )
    };
    let secret = r#"sensitive_labels_wo = { auth_token = "xoxb-12345" }"#;
    world.apply_stack(&with("#alerts", secret));
    let mark = world.cloud.mark();
    // Without them the change would lose them.
    world.plan_stack(&with("#incidents", "")).expect_refused().error(&["sensitive_labels_wo", "slack"]);
    world.apply_stack(&with("#incidents", secret));
    assert_eq!(world.writes(mark).len(), 1);
    let labels = channels(&world).remove(0).body["labels"].clone();
    assert_eq!(
        (labels["channel_name"].as_str(), labels["auth_token"].as_str()),
        (Some("#incidents"), Some("**********"))
    );
    world.expect_settled();
    world.expect_clean_destroy(&[]);
}

fn a_channel_removed_elsewhere_is_made_again(scene: Scene) {
    let world = scene.small_world();
    let body = r#"
      notification_channels = { team = { type = "email", labels = { email_address = "team@example.com" } } }
      alert_policies = { down = { preset = "api_downtime", service = "api", channels = ["team"] } }
      services = { api = { image = "europe-west1-docker.pkg.dev/ml-test-project/images/api:1" } }"#;
    world.apply_stack(body);
    let gone = channels(&world).remove(0).path;
    world.cloud.delete(MONITORING, &gone);
    world.apply_stack(body);
    let made = channels(&world).remove(0);
    assert_ne!(made.path, gone);
    let policy = crate::wire::policies(&world).remove(0);
    assert_eq!(policy.body["notificationChannels"], serde_json::json!([made.body["name"]]));
    world.finish();
}
