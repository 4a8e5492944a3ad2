//! `-debug`: Terraform joins a process that runs already.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::world::{World, expect, kill, provider, terraforms};

const NOTE: &str = "resource \"local_note\" \"a\" {\n  name = \"a\"\n  text = \"x\"\n}\n";

#[test]
fn one_process_serves_run_after_run_until_it_is_interrupted() {
    for terraform in terraforms() {
        let world = World::new(&terraform, "", NOTE);
        let mut plugin = Command::new(provider())
            .arg("-debug")
            .env("TMPDIR", world.path("tmp"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(plugin.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (name, value) = line.trim().split_once('=').unwrap();
        let value = value.trim_matches('\'');
        for arguments in
            [&["plan"][..], &["apply", "-auto-approve"], &["plan", "-detailed-exitcode"], &["destroy", "-auto-approve"]]
        {
            expect(world.command(arguments).env(name, value).output().unwrap(), 0);
        }
        assert_eq!(world.plugins(), [] as [u32; 0], "Terraform started a process of its own");
        kill("INT", plugin.id());
        assert_eq!(plugin.wait().unwrap().code(), Some(0));
        assert_eq!(world.sockets(), [] as [String; 0]);
    }
}
