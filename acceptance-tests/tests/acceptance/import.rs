//! Import of an environment as it stands.

use acceptance_tests::{Counts, Scene, Seed, Workdir, World, on_every_terraform, workspace};

on_every_terraform! {
    the_ct_scan_environment_is_imported_without_a_change,
    a_selector_takes_a_service_and_what_it_uses,
    the_import_command_reads_the_same,
    a_component_left_out_of_the_configuration_is_released,
    a_hand_written_configuration_with_other_keys_renames_them,
}

const ID: &str = "dtu-mlops-data-482907/europe-west1/ct-scan";

fn imported(world: &World, id: &str) -> Workdir {
    let block = format!("import {{\n  to = mlops_stack.ct_scan\n  id = \"{id}\"\n}}\n");
    let work = world.directory("import", &block);
    let planned = work.generate_config("generated.tf");
    assert!(planned.succeeded(), "{}", planned.diagnostics);
    let change = planned.view().change("mlops_stack.ct_scan");
    assert_eq!((change.actions, change.importing.as_deref()), (vec!["no-op".to_owned()], Some(id)));
    let applied = work.apply(&[]).expect_success();
    assert_eq!(applied.counts, Counts { import: 1, ..Counts::default() });
    work
}

fn the_ct_scan_environment_is_imported_without_a_change(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, ID);
    work.plan(&[]).expect_empty();
    work.plan(&["-refresh=false"]).expect_empty();
    let stack = work.state().resource("mlops_stack.ct_scan");
    for (kind, count) in
        [("buckets", 4), ("registries", 1), ("services", 1), ("notification_channels", 1), ("alert_policies", 7)]
    {
        assert_eq!(stack.get(&format!("/{kind}")).as_object().unwrap().len(), count, "{kind}");
    }
    let inventory = stack.get("/inventory").as_array().unwrap();
    // 14 objects and 8 grants on them.
    assert_eq!(inventory.len(), 22, "{inventory:#?}");
    let lines = world.cloud.snapshot().differences_from(&world.before);
    assert_eq!(lines, Vec::<String>::new());
    assert_eq!(world.cloud.requests().iter().filter(|call| call.is_write()).count(), 0);
}

fn a_selector_takes_a_service_and_what_it_uses(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, &format!("{ID}?services=ct-scan-api"));
    let stack = work.state().resource("mlops_stack.ct_scan");
    let count = |kind: &str| stack.get(&format!("/{kind}")).as_object().map_or(0, |map| map.len());
    // The mounted bucket, the image's registry, the policies on it and their channel.
    let counts = [
        count("buckets"),
        count("registries"),
        count("services"),
        count("notification_channels"),
        count("alert_policies"),
    ];
    assert_eq!(counts, [1, 1, 1, 1, 7]);
    work.plan(&[]).expect_empty();
}

fn the_import_command_reads_the_same(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = world.directory("import", "resource \"mlops_stack\" \"ct_scan\" {\n  name = \"ct-scan\"\n}\n");
    let output = work.import("mlops_stack.ct_scan", &format!("{ID}?buckets=ct-scan-*&follow=false"));
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    let stack = work.state().resource("mlops_stack.ct_scan");
    assert_eq!(stack.get("/buckets").as_object().unwrap().len(), 1);
    assert!(stack.get("/services").as_object().is_none_or(|map| map.is_empty()));
}

fn a_component_left_out_of_the_configuration_is_released(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, &format!("{ID}?buckets=*&follow=false"));
    let config = "resource \"mlops_stack\" \"ct_scan\" {\n  name = \"ct-scan\"\n}\n";
    std::fs::remove_file(work.path.join("generated.tf")).unwrap();
    work.write("main.tf", &format!("{}\n{config}", world.header()));
    let planned = work.plan(&[]);
    assert!(planned.succeeded(), "{}", planned.diagnostics);
    assert!(!planned.diagnostics.warnings().is_empty(), "{}", planned.diagnostics);
    work.apply_plan().expect_success();
    work.plan(&[]).expect_empty();
    assert_eq!(world.cloud.snapshot().differences_from(&world.before), Vec::<String>::new());
}

fn a_hand_written_configuration_with_other_keys_renames_them(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, ID);
    std::fs::remove_file(work.path.join("generated.tf")).unwrap();
    std::fs::remove_file(work.path.join("main.tf")).unwrap();
    let example = workspace().join("examples/environments/ct-scan");
    for name in ["providers.tf", "main.tf", "runbooks.tf", "outputs.tf"] {
        work.write(name, &std::fs::read_to_string(example.join(name)).unwrap());
    }
    work.apply(&[]).expect_success();
    assert_eq!(world.cloud.requests().iter().filter(|call| call.is_write()).count(), 0);
    let stack = work.state().resource("mlops_stack.ct_scan");
    assert_eq!(stack.get("/buckets/models/name"), "dtu-mlops-data-482907_cloudbuild");
    work.plan(&[]).expect_empty();
}
