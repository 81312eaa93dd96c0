//! The metrics of the scripts.

use std::sync::Arc;

use doorman_core::mapping::Generation;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::standing::Ledger;

/// How many reloads there were, whether the last was refused, and what is in force.
pub struct ScriptMetrics(pub Arc<Ledger>);

impl std::fmt::Debug for ScriptMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScriptMetrics")
    }
}

impl Collector for ScriptMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counter = ConstCounter::new(0_u64).metric_type();
        let gauge = ConstGauge::new(0_i64).metric_type();
        let help = "Times that scripts on disk were taken or refused";
        let mut reloads = encoder.encode_descriptor("doorman_script_reloads", help, None, counter)?;
        for (result, count) in self.0.counts() {
            ConstCounter::new(count).encode(reloads.encode_family(&[("result", result)])?)?;
        }
        let standing = self.0.standing();
        let help = "Whether the scripts on disk are refused (1) or in force (0)";
        let refused = encoder.encode_descriptor("doorman_scripts_refused", help, None, gauge)?;
        ConstGauge::new(i64::from(standing.refused.is_some())).encode(refused)?;
        let help = "Since when the generation of scripts is in force, in seconds since 1970";
        let mut since = encoder.encode_descriptor("doorman_scripts_in_force_since", help, None, gauge)?;
        let labels = [("generation", standing.generation.id().to_string())];
        ConstGauge::new(standing.since / 1_000).encode(since.encode_family(&labels)?)
    }
}
