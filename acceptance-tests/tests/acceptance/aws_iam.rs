//! Policies, roles and identity providers of IAM in a stack, against moto.

use acceptance_tests::{Scene, on_every_terraform};

on_every_terraform! {
    roles_and_policies_are_made_and_changed_with_the_fewest_calls,
    what_others_do_to_a_role_is_seen_where_it_is_the_stacks,
    roles_made_by_hand_are_imported_in_words,
    a_policy_gets_a_new_version_even_when_all_are_taken,
}

/// Who may send to a queue: a service's role, and GitHub's workflows.
const STACK: &str = r#"
  queues   = { jobs = { name = "churn-jobs" } }
  policies = {
    send = {
      name       = "churn-send"
      path       = "/churn/"
      statements = [{
        sid       = "Send"
        actions   = ["sqs:SendMessage", "sqs:GetQueueUrl"]
        resources = ["{{queues.jobs.arn}}"]
        condition = { StringEquals = { "aws:SourceVpc" = ["vpc-1"] } }
      }]
    }
    read = { name = "churn-read", statements = [{ actions = ["sqs:ReceiveMessage"], resources = ["*"] }] }
  }
  roles = {
    api    = { name = "churn-api", trust = { services = ["ecs-tasks.amazonaws.com"] }, policies = ["send"] }
    deploy = { name = "churn-deploy", trust = { github = { provider = "github", subjects = ["repo:a/b:*"] } } }
  }
  oidc_providers = {
    github = {
      url         = "https://token.actions.githubusercontent.com"
      client_ids  = ["sts.amazonaws.com"]
      thumbprints = ["6938fd4d98bab03faadb97b34396831e3780aea1"]
    }
  }
"#;

fn roles_and_policies_are_made_and_changed_with_the_fewest_calls(scene: Scene) {
    let world = scene.aws_world();
    world.apply_stack(STACK);
    let inventory = world.main.state().resource("mlops_aws_stack.it").get("/inventory").to_string();
    for name in ["policy/churn/churn-send", "role/churn-api", "oidc-provider/token.actions.githubusercontent.com"] {
        assert!(inventory.contains(name), "{name}: {inventory}");
    }
    world.expect_settled();

    // The same in other words.
    let same = STACK
        .replace(r#"["sqs:SendMessage", "sqs:GetQueueUrl"]"#, r#"["SQS:getqueueurl", "sqs:SendMessage"]"#)
        .replace(r#""send"] }"#, r#""arn:aws:iam::123456789012:policy/churn/churn-send"] }"#);
    let mark = world.mark();
    world.apply_stack(&same);
    assert_eq!(world.writes_since(mark), Vec::<String>::new());

    let changed = STACK
        .replace(r#"vpc-1"#, r#"vpc-2"#)
        .replace(r#"policies = ["send"] }"#, r#"policies = ["send", "read"], tags = { Tier = "web" } }"#)
        .replace(r#"repo:a/b:*"#, r#"repo:a/c:*"#);
    let mark = world.mark();
    world.apply_stack(&changed);
    let expected = ["AttachRolePolicy", "CreatePolicyVersion", "TagRole", "UpdateAssumeRolePolicy"];
    assert_eq!(world.writes_since(mark), expected);

    let mark = world.mark();
    world.apply_stack(&STACK.replace(r#", policies = ["send"]"#, ""));
    let writes = world.writes_since(mark);
    assert_eq!(writes.iter().filter(|write| *write == "DetachRolePolicy").count(), 2, "{writes:?}");
    world.finish();
}

fn what_others_do_to_a_role_is_seen_where_it_is_the_stacks(scene: Scene) {
    let world = scene.aws_world();
    world.apply_stack(STACK);
    let theirs = "arn:aws:iam::123456789012:policy/theirs";
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    world.iam("CreatePolicy", &[("PolicyName", "theirs"), ("PolicyDocument", document)]);
    world.iam("AttachRolePolicy", &[("RoleName", "churn-api"), ("PolicyArn", theirs)]);
    world.expect_settled();

    world.iam(
        "DetachRolePolicy",
        &[("RoleName", "churn-api"), ("PolicyArn", "arn:aws:iam::123456789012:policy/churn/churn-send")],
    );
    let open = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    world.iam("UpdateAssumeRolePolicy", &[("RoleName", "churn-api"), ("PolicyDocument", open)]);
    let mark = world.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(world.writes_since(mark), ["AttachRolePolicy", "UpdateAssumeRolePolicy"]);
    let attached = world.iam("ListAttachedRolePolicies", &[("RoleName", "churn-api")]);
    assert!(attached.contains(theirs), "attachments of others stay: {attached}");
    world.expect_settled();
    world.iam("DetachRolePolicy", &[("RoleName", "churn-api"), ("PolicyArn", theirs)]);
    world.iam("DeletePolicy", &[("PolicyArn", theirs)]);
    world.finish();
}

fn roles_made_by_hand_are_imported_in_words(scene: Scene) {
    let world = scene.aws_world();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","Principal":{"Service":["ecs-tasks.amazonaws.com"]},"Action":["sts:AssumeRole"]}]}"#;
    let document = r#"{"Version":"2012-10-17","Statement":{"Sid":"1","Effect":"Allow","Action":"sqs:SendMessage","Resource":["*"],"Condition":{"Bool":{"aws:SecureTransport":true}}}}"#;
    let other = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"}}}]}"#;
    world.iam("CreatePolicy", &[("PolicyName", "churn-send"), ("Path", "/churn/"), ("PolicyDocument", document)]);
    world.iam(
        "CreateRole",
        &[("RoleName", "churn-api"), ("AssumeRolePolicyDocument", trust), ("MaxSessionDuration", "7200")],
    );
    world.iam(
        "AttachRolePolicy",
        &[("RoleName", "churn-api"), ("PolicyArn", "arn:aws:iam::123456789012:policy/churn/churn-send")],
    );
    world.iam("CreateRole", &[("RoleName", "churn-partner"), ("AssumeRolePolicyDocument", other)]);
    world.iam("CreateServiceLinkedRole", &[("AWSServiceName", "ecs.amazonaws.com")]);

    let imported = world.expect_importable("123456789012/eu-west-1/churn?roles=*");
    let generated = imported.read("generated.tf");
    for line in [
        r#"services = ["ecs-tasks.amazonaws.com"]"#,
        r#"max_session_duration = "2h""#,
        r#""aws:SecureTransport" = ["true"]"#,
        r#""sts:ExternalId" = ["x"]"#,
    ] {
        assert!(squeezed(&generated).contains(&squeezed(line)), "{line} is missing:\n{generated}");
    }
    assert!(!generated.contains("AWSServiceRole"), "what AWS makes is left out:\n{generated}");
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

fn a_policy_gets_a_new_version_even_when_all_are_taken(scene: Scene) {
    let world = scene.aws_world();
    let stack = |action: &str| {
        format!(
            "policies = {{ it = {{ name = \"it\", statements = [{{ actions = [\"sqs:{action}\"], resources = [\"*\"] }}] }} }}"
        )
    };
    for action in ["A", "B", "C", "D", "E", "F", "G"] {
        world.apply_stack(&stack(action));
    }
    let versions = world.iam("ListPolicyVersions", &[("PolicyArn", "arn:aws:iam::123456789012:policy/it")]);
    assert_eq!(versions.matches("<VersionId>").count(), 5, "{versions}");
    world.finish();
}
