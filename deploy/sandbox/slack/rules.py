"""Every rule that this Slack holds an app to: the rule, what breaking it is answered with, and the test that breaks it.

The test is one in which the real SDK is refused. `tests/sandbox/test_slack_rules.py` holds this table equal to the
tests that there are, and to the error codes that this folder can answer.
"""

from deploy.sandbox.wire.rules import Rule

RULES = (
    # Who calls
    Rule("Every call carries a token", "not_authed", "test_a_call_without_a_token_is_refused"),
    Rule("The token is one that was issued", "invalid_auth", "test_a_call_with_a_wrong_token_is_refused"),
    Rule(
        "Only apps.connections.open takes the app's token, and it takes no other",
        "not_allowed_token_type",
        "test_the_two_tokens_do_not_stand_in_for_each_other",
    ),
    Rule("A method needs its scope", "missing_scope", "test_a_method_without_its_scope_is_refused"),
    Rule("A method exists", "unknown_method", "test_an_unknown_method_is_refused"),
    Rule("A JSON body is JSON", "invalid_json", "test_a_body_that_is_not_json_is_refused"),
    Rule("A JSON body is an object", "json_not_object", "test_a_body_that_is_no_object_is_refused"),
    Rule("api.test fails as it is asked to", "any", "test_api_test_fails_as_it_is_asked_to"),
    # How often
    Rule(
        "About one post a second and channel, five at once",
        "ratelimited",
        "test_a_burst_into_one_channel_is_slowed_down_and_other_channels_are_not",
    ),
    Rule("A method keeps to its tier", "ratelimited", "test_a_method_called_more_often_than_its_tier_is_slowed_down"),
    Rule(
        "A distributed app reads history once a minute, fifteen messages at a time",
        "ratelimited",
        "test_a_distributed_app_reads_little_history_and_seldom",
    ),
    # Where
    Rule("A channel exists and may be seen", "channel_not_found", "test_an_unknown_or_unseen_channel_is_refused"),
    Rule("The app is in the channel", "not_in_channel", "test_a_channel_that_the_app_is_not_in_is_refused"),
    Rule("A thread's root exists and is no reply", "thread_not_found", "test_a_thread_that_is_none_is_refused"),
    Rule("A message exists", "message_not_found", "test_a_message_that_is_gone_is_refused"),
    Rule(
        "Who sees an ephemeral message is in the channel",
        "user_not_in_channel",
        "test_an_ephemeral_message_to_an_outsider_is_refused",
    ),
    # What
    Rule("A message says something", "no_text", "test_an_empty_message_is_refused"),
    Rule("text has up to 4,000 characters, on post and update", "msg_too_long", "test_a_text_too_long_is_refused"),
    Rule("markdown_text has up to 12,000 characters", "msg_too_long", "test_a_markdown_text_too_long_is_refused"),
    Rule(
        "markdown_text comes without text and blocks",
        "markdown_text_conflict",
        "test_markdown_text_beside_text_is_refused",
    ),
    Rule(
        "Markdown blocks have up to 12,000 characters together",
        "msg_blocks_too_long",
        "test_markdown_blocks_too_long_together_are_refused",
    ),
    Rule("Up to 50 blocks", "invalid_blocks", "test_more_than_fifty_blocks_are_refused"),
    Rule(
        "Up to 50 blocks once Markdown is expanded",
        "invalid_blocks",
        "test_a_markdown_block_that_expands_to_more_than_fifty_is_refused",
    ),
    Rule("Each block keeps to its own limits", "invalid_blocks", "test_a_block_beyond_its_own_limit_is_refused"),
    Rule("blocks is a list of objects", "invalid_blocks_format", "test_blocks_that_are_no_list_are_refused"),
    Rule("metadata has a type and a payload", "invalid_metadata_format", "test_metadata_without_its_fields_is_refused"),
    # Whose, and when
    Rule("An app updates its own messages", "cant_update_message", "test_updating_another_s_message_is_refused"),
    Rule("An app deletes its own messages", "cant_delete_message", "test_deleting_another_s_message_is_refused"),
    Rule("A workspace may end editing", "edit_window_closed", "test_an_update_after_the_edit_window_is_refused"),
    # Streams
    Rule(
        "A stream in a channel says for whom",
        "missing_recipient_user_id",
        "test_a_stream_in_a_channel_without_its_recipient_is_refused",
    ),
    Rule(
        "A stream in a channel says for whose team",
        "missing_recipient_team_id",
        "test_a_stream_in_a_channel_without_its_team_is_refused",
    ),
    Rule(
        "A live stream is not updated",
        "streaming_state_conflict",
        "test_updating_a_message_that_still_grows_is_refused",
    ),
    Rule(
        "A stopped stream takes no more",
        "message_not_in_streaming_state",
        "test_adding_to_a_stream_that_was_stopped_is_refused",
    ),
    Rule(
        "A stream ends after five minutes",
        "message_not_in_streaming_state",
        "test_adding_to_a_stream_after_five_minutes_is_refused",
    ),
    Rule("A streamed message has up to 10,600 bytes", "msg_too_long", "test_a_stream_that_grows_too_long_is_refused"),
    Rule(
        "A stream is the app's own",
        "message_not_owned_by_app",
        "test_adding_to_another_s_message_is_refused",
    ),
    # Lists, people, files, reactions
    Rule("Arguments are there and of their kind", "invalid_arguments", "test_arguments_of_the_wrong_kind_are_refused"),
    Rule("A cursor is one that was given out", "invalid_cursor", "test_a_cursor_of_one_s_own_making_is_refused"),
    Rule("Types of conversation are Slack's own", "invalid_types", "test_an_unknown_type_of_conversation_is_refused"),
    Rule(
        "conversations.open names somebody", "users_list_not_supplied", "test_opening_a_message_with_nobody_is_refused"
    ),
    Rule("A user exists", "user_not_found", "test_an_unknown_user_is_refused"),
    Rule("A bot exists", "bot_not_found", "test_an_unknown_bot_is_refused"),
    Rule("A file exists, and was uploaded", "file_not_found", "test_an_unknown_or_empty_file_is_refused"),
    Rule("One reaction of a kind", "already_reacted", "test_reacting_twice_is_refused"),
    Rule("A reaction taken back was there", "no_reaction", "test_taking_back_no_reaction_is_refused"),
    Rule("A reaction has a name", "invalid_name", "test_a_reaction_without_a_name_is_refused"),
    Rule(
        "A file is fetched with a token that may",
        "200 with a login page",
        "test_a_file_without_the_right_token_is_a_login_page",
    ),
    Rule("A file's address is still good", "404", "test_an_expired_file_is_gone"),
    # Delivery
    Rule("Up to ten sockets", "too_many_websockets", "test_an_eleventh_socket_is_sent_away"),
    Rule("A socket is opened with its ticket, once", "403", "test_a_ticket_opens_one_socket_once"),
    Rule(
        "An envelope is acknowledged within 3 s",
        "retry_reason timeout",
        "test_an_envelope_that_is_not_acknowledged_comes_again_three_times",
    ),
    Rule(
        "A request is answered with 2xx",
        "X-Slack-Retry-Reason http_error",
        "test_an_event_that_bolt_refuses_comes_again_three_times",
    ),
    Rule(
        "A request is answered within 3 s",
        "X-Slack-Retry-Reason http_timeout",
        "test_an_event_answered_too_late_comes_again",
    ),
    Rule(
        "An events URL repeats the challenge",
        "not registered",
        "test_an_url_that_does_not_repeat_the_challenge_is_not_registered",
    ),
    # Slash commands and shortcuts
    Rule(
        "An app's slash command is not for threads",
        "the person reads that it is not supported in threads",
        "test_a_slash_command_in_a_thread_never_reaches_the_app",
    ),
    Rule(
        "Slash commands and shortcuts need the scope `commands`",
        "the person reads that it is not a valid command",
        "test_without_its_scope_the_app_has_no_slash_command_and_no_shortcut",
    ),
    Rule(
        "An interaction is acknowledged within 3 s, and comes once",
        "the person reads operation_timeout",
        "test_an_interaction_that_is_not_acknowledged_in_time_fails_before_the_person",
    ),
    Rule(
        "Somebody listens for interactions",
        "the person reads dispatch_failed",
        "test_an_interaction_that_meets_nobody_fails_before_the_person",
    ),
    Rule(
        "A response_url serves five times",
        "used_url",
        "test_a_response_url_serves_five_times",
    ),
    Rule(
        "A response_url serves for half an hour",
        "expired_url",
        "test_a_response_url_that_is_too_old_is_refused",
    ),
    Rule(
        "What is posted to a response_url is a JSON object",
        "invalid_payload",
        "test_a_response_that_is_no_object_is_refused",
    ),
    # Views
    Rule("A trigger is one that was given out", "invalid_trigger_id", "test_a_trigger_of_ones_own_making_is_refused"),
    Rule("A trigger serves once", "exchanged_trigger_id", "test_a_trigger_serves_once"),
    Rule("A trigger serves for three seconds", "expired_trigger_id", "test_a_trigger_that_is_too_old_is_refused"),
    Rule("A view has up to 250 kB", "view_too_large", "test_a_view_that_is_too_large_is_refused"),
    # Apps
    Rule(
        "A manifest is JSON with a name, a bot and scopes",
        "invalid_manifest",
        "test_a_manifest_that_lacks_something_is_refused",
    ),
)
