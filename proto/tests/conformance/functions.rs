//! Provider functions.

use crate::world::World;

fn call(arguments: &str) -> String {
    format!("output \"o\" {{\n  value = provider::probe::join({arguments})\n}}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_computes() {
    let world = World::new(&call(r#""-", "a", null, "b""#)).await;
    let run = world.apply().await;
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(world.state()["outputs"]["o"]["value"], "a-b");
    world.write(&call(r#""-""#));
    assert_eq!(world.apply().await.code, 0);
    assert_eq!(world.state()["outputs"]["o"]["value"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_its_argument() {
    let world = World::new(&call(r#""-", "a", """#)).await;
    let errors = world.plan().await.errors();
    assert!(errors[0].contains("\"texts\"") && errors[0].contains("an empty text cannot be joined"), "{errors:?}");
    world.write(&call(r#""panic""#));
    let errors = world.plan().await.errors();
    assert!(errors[0].contains("CallFunction"), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_arguments_have_unknown_results() {
    let hcl = format!("resource \"terraform_data\" \"t\" {{}}\n{}", call(r#""-", terraform_data.t.id"#));
    let world = World::new(&hcl).await;
    assert_eq!(world.apply().await.code, 0);
    assert!(!world.state()["outputs"]["o"]["value"].as_str().unwrap().is_empty());
}
