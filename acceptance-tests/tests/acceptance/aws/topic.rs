//! Topics of SNS with their subscriptions.

use acceptance_tests::{Scene, on_every_terraform};

on_every_terraform! {
    a_topic_is_made_changed_and_imported_with_the_fewest_calls,
    subscriptions_of_others_to_a_topic_stay,
}

const STACK: &str = r#"
  tags   = { Team = "data" }
  queues = { alerts = { name = "churn-alerts" } }
  topics = {
    alerts = {
      name = "churn-alerts"
      subscriptions = {
        on_call = { protocol = "email", endpoint = "team@example.com" }
        queue   = { protocol = "sqs", endpoint = "{{queues.alerts.arn}}" }
      }
    }
  }
"#;

const TOPIC: (&str, &str) = ("TopicArn", "arn:aws:sns:eu-west-1:123456789012:churn-alerts");
const VERSION: (&str, &str) = ("Version", "2010-03-31");

fn a_topic_is_made_changed_and_imported_with_the_fewest_calls(scene: Scene) {
    let world = scene.aws_world();
    let mark = world.mark();
    world.apply_stack(STACK);
    assert_eq!(world.writes_since(mark), ["CreateQueue", "CreateTopic", "Subscribe", "Subscribe"]);
    world.expect_settled();

    let mark = world.mark();
    let changed = STACK
        .replace("name = \"churn-alerts\"\n", "name = \"churn-alerts\"\n display_name = \"Churn\"\n")
        .replace("team@example.com", "on-call@example.com")
        .replace("alerts.arn}}\"", "alerts.arn}}\", raw_message_delivery = true");
    world.apply_stack(&changed);
    assert_eq!(
        world.writes_since(mark),
        ["SetSubscriptionAttributes", "SetTopicAttributes", "Subscribe", "Unsubscribe"]
    );

    let name = [("AttributeName", "DisplayName"), ("AttributeValue", "Theirs")];
    world.form("sns", &[("Action", "SetTopicAttributes"), VERSION, TOPIC, name[0], name[1]]);
    let mark = world.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(world.writes_since(mark), ["SetTopicAttributes"]);
    world.finish();
}

fn subscriptions_of_others_to_a_topic_stay(scene: Scene) {
    let world = scene.aws_world();
    world.apply_stack(STACK);
    let theirs = [("Protocol", "email"), ("Endpoint", "theirs@example.com")];
    world.form("sns", &[("Action", "Subscribe"), VERSION, TOPIC, theirs[0], theirs[1]]);
    world.expect_settled();
    let mark = world.mark();
    world.apply_stack(&STACK.replace("on_call = { protocol = \"email\", endpoint = \"team@example.com\" }", ""));
    assert_eq!(world.writes_since(mark), ["Unsubscribe"]);
    let left = world.form("sns", &[("Action", "ListSubscriptionsByTopic"), VERSION, TOPIC]);
    assert!(left.contains("theirs@example.com") && !left.contains("team@example.com"), "{left}");
    world.main.destroy().expect_success();
}
