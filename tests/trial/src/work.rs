//! The work: contracts that are created, signed and ended over time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION, Status};
use tokio::time::sleep;

use crate::expected::{Contract, Fate};

#[derive(Clone, Copy)]
enum Step {
    Create,
    Sign,
    Reject,
    Cancel,
    Relieve,
}

/// Creates and ends the contracts, `per_second` at a time. Returns after the last step, with the steps that the emulator refused.
pub(crate) async fn perform(
    emulator: Arc<Emulator>,
    contracts: Arc<Vec<Contract>>,
    per_second: u32,
    seed: u64,
) -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(seed ^ 0x77);
    let mut steps = BTreeMap::new();
    let mut add = |at: Duration, contract: usize, step: Step| {
        let number = steps.len();
        steps.insert((at, number), (contract, step));
    };
    for (number, contract) in contracts.iter().enumerate() {
        let created = Duration::from_secs_f64(number as f64 / f64::from(per_second.max(1)));
        let mut later = |most: u64| Duration::from_millis(random.u64(50..most));
        add(created, number, Step::Create);
        let first = created + later(1_500);
        let second = first + later(1_500);
        match contract.fate {
            Fate::Signed | Fate::Relieved => {
                add(first, number, Step::Sign);
                add(second, number, Step::Sign);
                if contract.fate == Fate::Relieved {
                    // The file is composed up to three seconds after the signature.
                    add(second + Duration::from_secs(4) + later(3_000), number, Step::Relieve);
                }
            }
            Fate::Rejected => {
                add(first, number, Step::Sign);
                add(second, number, Step::Reject);
            }
            Fate::Cancelled => add(second, number, Step::Cancel),
        }
    }
    let began = Instant::now();
    let mut refused = Vec::new();
    for ((at, _), (contract, step)) in steps {
        let wait = at.saturating_sub(began.elapsed());
        if !wait.is_zero() {
            sleep(wait).await;
        }
        let Some(Contract { id, .. }) = contracts.get(contract) else { continue };
        let result = match step {
            Step::Create => {
                emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
                Ok(())
            }
            Step::Sign => emulator.sign(id, None),
            Step::Reject => emulator.reject(id, None, "trial"),
            Step::Cancel => emulator.end(id, Status::Cancel, "trial"),
            Step::Relieve => emulator.end(id, Status::Relieved, "trial"),
        };
        if let Err(error) = result {
            refused.push(format!("{id}: {error}"));
        }
    }
    refused
}
