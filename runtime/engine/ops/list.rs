//! The names of our ops, by module, in the order in which the snapshot knows them.
//!
//! Compiled twice: into the program, which declares them, and into the build script, which makes the
//! snapshot with a stand-in for each. Order and number are the same because there is one list.

macro_rules! for_each_op {
    ($each:ident) => {
        $each! {
            flow {
                op_loaded
                op_load_failed
                op_started
                op_start_failed
                op_completion_new
                op_completion_ready
                op_section_request
                op_section_close
                op_room_break
                op_timer_start
                op_timer_stop
                op_alarm_done
                op_log
                op_keys_used
            }
            socket {
                op_socket_send_text
                op_socket_send_binary
                op_socket_close
                op_broadcast_text
                op_broadcast_binary
                op_broadcast_except
                op_connection_add
                op_connection_drop
                op_connection_attach
                op_serialize_value
                op_deserialize_value
                op_connection_key
            }
            http {
                op_respond
                op_fail
                op_upgrade
                op_upgrade_raw
                op_continue
                op_pass
                op_stub_fetch
                op_stub_dial
                op_body_read
                op_body_cancel
                op_body_open
                op_body_write
                op_body_end
                op_body_abort
                op_asset_fetch
            }
            storage {
                op_storage_get
                op_storage_get_many
                op_storage_list
                op_storage_put
                op_storage_delete
                op_storage_delete_all
                op_storage_get_alarm
                op_storage_set_alarm
                op_storage_begin
                op_storage_commit
                op_storage_rollback
                op_storage_sync
            }
            html {
                op_html_check
                op_html_open
                op_html_write
                op_html_end
                op_html_answer
                op_html_take
                op_html_close
            }
            digest {
                op_digest_new
                op_digest_update
                op_digest_finish
            }
            outbound {
                op_outbound_connect
                op_outbound_read
                op_outbound_write
                op_outbound_finish
                op_outbound_secure
                op_outbound_close
                op_outbound_check
            }
        }
    };
}
pub(crate) use for_each_op;
