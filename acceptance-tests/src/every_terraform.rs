//! Each test runs once per Terraform that is found, under its own name.

use crate::{Feature, Terraform};

/// Which of the Terraforms a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `$TERRAFORM`, or the one on the PATH.
    Installed,
    /// 1.15, out of `target/tools`.
    Pinned,
}

/// What a test is given: its name and its Terraform. It makes its [`World`](crate::World) from it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The test's name, as the test runner prints it.
    pub name: String,
    /// The Terraform to run on.
    pub terraform: Terraform,
}

impl Scene {
    /// Runs a test on the slot's Terraform, or says that it cannot.
    pub fn play(slot: Slot, module: &str, name: &str, test: impl FnOnce(Scene)) {
        let terraform = match slot {
            Slot::Pinned => Some(Terraform::pinned()),
            Slot::Installed => Terraform::installed(),
        };
        match terraform {
            Some(terraform) => {
                let module = module.split("::").skip(1).collect::<Vec<_>>().join("::");
                test(Scene { name: format!("{module}::{name}"), terraform: terraform.clone() });
            }
            None => crate::cannot_run(
                &format!("{module}::{name}"),
                "there is no terraform or tofu on the PATH that SUPPORT.md names (`make test-terraform HALF=pinned` leaves these out)",
            ),
        }
    }

    /// Whether the program can do this. A test that asks says also what happens where it cannot.
    pub fn has(&self, feature: Feature) -> bool {
        feature.is_in(&self.terraform)
    }
}

/// Lists a file's tests (functions that take a [`Scene`]); each becomes `on_installed::NAME` and `on_1_15::NAME`.
/// A test that is left out of the list is an unused function, which the lints refuse.
#[macro_export]
macro_rules! on_every_terraform {
    ($($test:ident),+ $(,)?) => {
        mod on_installed {
            $(#[test] fn $test() {
                $crate::Scene::play($crate::Slot::Installed, module_path!(), stringify!($test), super::$test);
            })+
        }
        mod on_1_15 {
            $(#[test] fn $test() {
                $crate::Scene::play($crate::Slot::Pinned, module_path!(), stringify!($test), super::$test);
            })+
        }
    };
}
