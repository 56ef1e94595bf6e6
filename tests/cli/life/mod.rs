//! An identity provider's whole life of a user, as two of them live it: what each sends is in
//! `okta.rs` and `entra.rs`, and what everybody must show after each step is here.

mod entra;
mod okta;
mod stage;

use stage::{Dialect, Stage};

use crate::shell::Shell;

/// Whom it is about.
const USER_NAME: &str = "ann@example.com";
/// The name under which the identity provider, and therefore the gateway, knows her.
const EXTERNAL_ID: &str = "00ujl29u0le5T6Aj10h7";
/// The group that she gets into.
const GROUP: &str = "Engineering";

/// What shows of her, in every API alike.
#[derive(Debug, Clone, Copy)]
struct Shown {
    is_deleted: bool,
    is_active: bool,
    family_name: &'static str,
    title: Option<&'static str>,
    email: &'static str,
    groups: &'static [&'static str],
}

const CREATED: Shown = Shown {
    is_deleted: false,
    is_active: true,
    family_name: "Bee",
    title: None,
    email: "ann@example.com",
    groups: &[],
};
const UPDATED: Shown = Shown {
    family_name: "Wasp",
    title: Some("Chief"),
    email: "ann.wasp@example.com",
    ..CREATED
};
const GROUPED: Shown = Shown {
    groups: &[GROUP],
    ..UPDATED
};
const DEACTIVATED: Shown = Shown {
    is_active: false,
    ..GROUPED
};
const DELETED: Shown = Shown {
    is_deleted: true,
    ..DEACTIVATED
};

/// The steps of a life, in order. A dialect says what it sends for each.
const LIFE: [(&str, Shown); 7] = [
    ("create", CREATED),
    ("update", UPDATED),
    ("group", GROUPED),
    ("deactivate", DEACTIVATED),
    ("reactivate", GROUPED),
    ("delete", DELETED),
    ("create again", CREATED),
];

async fn lives(dialect: &Dialect, shell: Shell) {
    assert_eq!(dialect.steps(), LIFE.map(|(step, _)| step));
    let mut stage = Stage::new(shell);
    for (step, shown) in LIFE {
        stage.play(dialect, step).await;
        stage.shows_in_scim(step, &shown).await;
        stage.shows_in_the_clients_api(step, &shown).await;
        stage.shows_in_the_gateway(step, &shown).await;
    }
}

/// Makes a test of each dialect for each database.
macro_rules! dialects {
    ($($dialect:ident: $test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::lives(&super::$dialect::dialect(), crate::shell::Shell::new()).await;
                }
            )+
        }

        mod on_postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    let database = rollcall_testbed::postgres::Database::create();
                    let mut shell = crate::shell::Shell::new();
                    shell.environment = vec![("ROLLCALL_DATABASE", database.url())];
                    super::lives(&super::$dialect::dialect(), shell).await;
                }
            )+
        }
    };
}

dialects! {
    okta: whom_okta_provisions_shows_everywhere_at_every_step_of_a_life,
    entra: whom_entra_id_provisions_shows_everywhere_at_every_step_of_a_life,
}
