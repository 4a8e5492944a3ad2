//! How time series are aligned and joined before they are compared.

use tfplugin::{Choice, Object, Value};

use crate::engine::marks::wire;
use crate::engine::wire::DURATION;
use crate::types::Duration;

/// One step of aggregation: each series is cut into periods, then series are joined.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Aggregation {
    /// The length of a period: at least `1m`, in whole minutes, up to `25h`.
    #[tf(optional, ext(wire("alignmentPeriod").codec(DURATION)))]
    pub(super) alignment_period: Value<Duration>,
    /// How the points of one series in one period become one.
    #[tf(default = "ALIGN_NONE", ext(wire("perSeriesAligner")))]
    pub(super) per_series_aligner: Value<Aligner>,
    /// How series become one per group. Each stays on its own with `REDUCE_NONE`.
    #[tf(default = "REDUCE_NONE", ext(wire("crossSeriesReducer")))]
    pub(super) cross_series_reducer: Value<Reducer>,
    /// The labels that make a group: `resource.label.service_name`, `metric.label.response_code_class`. One group when
    /// absent.
    #[tf(optional, ext(wire("groupByFields")))]
    pub(super) group_by_fields: Value<Vec<String>>,
}

/// How the points of a period become one.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aligner {
    /// Not at all.
    AlignNone,
    /// The change over the period.
    AlignDelta,
    /// The change per second.
    AlignRate,
    /// Between neighbours.
    AlignInterpolate,
    /// The last point before.
    AlignNextOlder,
    /// The least.
    AlignMin,
    /// The most.
    AlignMax,
    /// The mean.
    AlignMean,
    /// How many.
    AlignCount,
    /// The sum.
    AlignSum,
    /// The standard deviation.
    AlignStddev,
    /// How many are true.
    AlignCountTrue,
    /// How many are false.
    AlignCountFalse,
    /// The share that is true.
    AlignFractionTrue,
    /// The 99th percentile.
    #[tf(name = "ALIGN_PERCENTILE_99")]
    AlignPercentile99,
    /// The 95th percentile.
    #[tf(name = "ALIGN_PERCENTILE_95")]
    AlignPercentile95,
    /// The median.
    #[tf(name = "ALIGN_PERCENTILE_50")]
    AlignPercentile50,
    /// The 5th percentile.
    #[tf(name = "ALIGN_PERCENTILE_05")]
    AlignPercentile05,
    /// The change in percent.
    AlignPercentChange,
}

/// How series become one.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reducer {
    /// Not at all.
    ReduceNone,
    /// The mean.
    ReduceMean,
    /// The least.
    ReduceMin,
    /// The most.
    ReduceMax,
    /// The sum.
    ReduceSum,
    /// The standard deviation.
    ReduceStddev,
    /// How many.
    ReduceCount,
    /// How many are true.
    ReduceCountTrue,
    /// How many are false.
    ReduceCountFalse,
    /// The share that is true.
    ReduceFractionTrue,
    /// The 99th percentile.
    #[tf(name = "REDUCE_PERCENTILE_99")]
    ReducePercentile99,
    /// The 95th percentile.
    #[tf(name = "REDUCE_PERCENTILE_95")]
    ReducePercentile95,
    /// The median.
    #[tf(name = "REDUCE_PERCENTILE_50")]
    ReducePercentile50,
    /// The 5th percentile.
    #[tf(name = "REDUCE_PERCENTILE_05")]
    ReducePercentile05,
}
