//! Terraform's names.

use tfplugin::{Object, Value};

/// Names.
#[derive(Object)]
struct Names {
    /// Reserved.
    #[tf(optional)]
    count: Value<i64>,
    /// Capitals.
    #[tf(optional, name = "kmsKey")]
    kms_key: Value<String>,
    /// A digit.
    #[tf(optional, name = "2nd")]
    second: Value<String>,
    /// Once.
    #[tf(optional)]
    once: Value<String>,
    /// Twice.
    #[tf(optional, name = "once")]
    twice: Value<String>,
}

/// Never a body.
#[derive(Object)]
#[tf(nested)]
struct Threshold {
    /// Allowed here.
    #[tf(optional)]
    count: Value<i64>,
}

const MISSPELT: &str = tfplugin::name!(Threshold.cuont);
