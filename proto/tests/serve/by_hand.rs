//! A provider that somebody starts from a shell.

use std::process::{Command, Stdio};

use crate::world::{expect, provider};

#[test]
fn it_says_what_it_is_and_fails() {
    let output = Command::new(provider()).env_remove("TF_PLUGIN_MAGIC_COOKIE").stdin(Stdio::null()).output().unwrap();
    let output = expect(output, 1);
    assert_eq!(output.stdout, b"");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("This is the Terraform provider registry.terraform.io/tfplugin/local "), "{text}");
}

#[test]
fn an_argument_that_it_does_not_know_is_refused() {
    let output = Command::new(provider()).arg("plan").stdin(Stdio::null()).output().unwrap();
    assert_eq!(expect(output, 1).stdout, b"");
}
