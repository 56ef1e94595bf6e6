//! Leases: what one node at a time may do, and which nodes there are.
//!
//! No clock is trusted. A holder moves its lease's beat; another takes the lease over only at the
//! very fence and beat that it has watched stand still, by a monotonic clock of its own. A holder
//! that was merely slow finds that out by its fence: see [`hold`].

use crate::store::error::Error;
use crate::store::tx::{Row, Tx};

/// The fence of a lease's first holder. Each later one's is the former's and one.
pub const FIRST_FENCE: i64 = 1;

/// A lease as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for.
    pub name: String,
    /// Who holds it; empty when it was given back.
    pub holder: String,
    /// The number of its holders so far.
    pub fence: i64,
    /// Moves for as long as the holder lives.
    pub beat: i64,
}

impl Lease {
    /// Whether it was given back.
    pub fn is_free(&self) -> bool {
        self.holder.is_empty()
    }
}

/// All leases.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Lease>, Error> {
    let sql = "SELECT name, holder, fence, beat FROM leases ORDER BY name";
    tx.all(sql, &[], read)
}

/// Takes the lease for `holder` if nothing happened to it since it was `seen` (`None`: if nobody
/// ever held it), and says its new fence. `None` when somebody was faster, or the holder lives.
pub fn take(
    tx: &mut Tx<'_>,
    name: &str,
    seen: Option<(i64, i64)>,
    holder: &str,
) -> Result<Option<i64>, Error> {
    let (count, fence) = match seen {
        None => {
            let sql = "INSERT INTO leases (name, holder, fence, beat) VALUES ($1, $2, $3, 0)
                       ON CONFLICT DO NOTHING";
            let values = [name.into(), holder.into(), FIRST_FENCE.into()];
            (tx.execute(sql, &values)?, FIRST_FENCE)
        }
        Some((fence, beat)) => {
            let sql = "UPDATE leases SET holder = $2, fence = fence + 1, beat = beat + 1
                       WHERE name = $1 AND fence = $3 AND beat = $4";
            let values = [name.into(), holder.into(), fence.into(), beat.into()];
            (tx.execute(sql, &values)?, fence + 1)
        }
    };
    Ok((count == 1).then_some(fence))
}

/// Moves the beat of a lease that is held. `false` when it is held no more.
pub fn renew(tx: &mut Tx<'_>, name: &str, holder: &str, fence: i64) -> Result<bool, Error> {
    let sql = "UPDATE leases SET beat = beat + 1 WHERE name = $1 AND holder = $2 AND fence = $3";
    Ok(tx.execute(sql, &[name.into(), holder.into(), fence.into()])? == 1)
}

/// Whether the lease is still held under that fence. If so it stays that way until the transaction
/// ends: who would take it over waits.
pub fn hold(tx: &mut Tx<'_>, name: &str, holder: &str, fence: i64) -> Result<bool, Error> {
    let sql = "UPDATE leases SET fence = fence WHERE name = $1 AND holder = $2 AND fence = $3";
    Ok(tx.execute(sql, &[name.into(), holder.into(), fence.into()])? == 1)
}

/// The lease of that name.
pub fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<Lease>, Error> {
    let sql = "SELECT name, holder, fence, beat FROM leases WHERE name = $1";
    tx.one(sql, &[name.into()], read)
}

/// Removes a lease that is held. As [`remove`], only for one whose name nobody takes again.
pub fn end(tx: &mut Tx<'_>, name: &str, holder: &str, fence: i64) -> Result<bool, Error> {
    let sql = "DELETE FROM leases WHERE name = $1 AND holder = $2 AND fence = $3";
    Ok(tx.execute(sql, &[name.into(), holder.into(), fence.into()])? == 1)
}

/// Gives back all that `holder` holds: whoever comes next need not wait. Returns how many.
pub fn release(tx: &mut Tx<'_>, holder: &str) -> Result<usize, Error> {
    let sql = "UPDATE leases SET holder = '' WHERE holder = $1";
    tx.execute(sql, &[holder.into()])
}

/// Removes a lease if nothing happened to it since it was seen with that fence and beat. Only for
/// one whose name nobody takes again, such as a node's own: any other's fences would begin anew.
pub fn remove(tx: &mut Tx<'_>, name: &str, fence: i64, beat: i64) -> Result<bool, Error> {
    let sql = "DELETE FROM leases WHERE name = $1 AND fence = $2 AND beat = $3";
    Ok(tx.execute(sql, &[name.into(), fence.into(), beat.into()])? == 1)
}

fn read(row: &Row<'_>) -> Result<Lease, Error> {
    Ok(Lease {
        name: row.text(0)?.to_owned(),
        holder: row.text(1)?.to_owned(),
        fence: row.number(2)?,
        beat: row.number(3)?,
    })
}
