//! The cases, in the order of their execution.

mod access;
mod admin;
mod admin_changes;
mod guard;
mod markup;
mod request;
mod search;
mod start;
mod tools;

use crate::context::Case;

macro_rules! cases {
    ($($module:ident: $($name:ident),+;)+) => {
        pub(crate) const CASES: &[Case] = &[$($(
            (concat!(stringify!($module), "::", stringify!($name)), |context| tokio::task::spawn_local($module::$name(context)))
        ),+),+];
    };
}

cases! {
    start: the_token_leaves_the_address, without_token_nothing_is_shown, the_mode_is_always_shown,
        every_page_has_two_languages;
    search: results_follow_the_query, kinds_select_results, the_keyboard_searches, names_have_addresses;
    request: form_and_json_follow_each_other, a_link_fills_the_request, faults_are_shown_next_to_the_field, a_read_is_shown_and_sent,
        a_write_needs_the_name, a_contract_is_created_signed_and_opened;
    tools: a_wrong_signature_is_explained, a_callback_is_decrypted, code_has_five_languages, the_emulator_is_controlled;
    markup: text_of_the_user_stays_text, text_of_the_emulator_stays_text, text_of_the_service_stays_text;
    guard: foreign_hosts_and_origins_are_refused, other_sites_cannot_call, other_names_of_this_machine_are_refused;
    access: axe_reports_no_serious_fault, narrow_screens_show_everything, the_assets_are_small, the_focus_is_visible;
    admin: the_token_leaves_the_address, the_overview_follows_the_ledger, contracts_are_found_and_have_evidence,
        the_page_has_two_languages, axe_reports_no_serious_fault, narrow_screens_show_everything, a_server_that_is_gone_is_shown;
    admin_changes: contracts_are_added, dead_contracts_are_retried_and_dropped, a_message_is_replayed, dead_forwards_are_found_and_replayed,
        a_read_only_page_has_no_buttons;
}
