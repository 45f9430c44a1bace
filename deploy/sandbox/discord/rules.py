"""Every rule that this Discord holds a bot to: the rule, how breaking it is answered, and the test that breaks it.

The test is one in which the real SDK is refused. `tests/sandbox/test_discord_rules.py` holds this table equal to the
tests that there are, and to the error and close codes that this folder can answer.
"""

from deploy.sandbox.wire.rules import Rule

RULES = (
    # Who calls
    Rule("Every call carries the bot's token", "401", "test_a_wrong_token_is_refused"),
    Rule("A route exists", "404", "test_an_unknown_route_is_refused"),
    Rule("A body is JSON", "50109", "test_a_body_that_is_not_json_is_refused"),
    Rule("A body is an object", "50035", "test_a_body_that_is_no_object_is_refused"),
    Rule("A request has up to 25 MiB", "40005", "test_a_request_too_large_is_refused"),
    Rule("A file has up to 10 MiB, or what the guild allows", "40005", "test_a_file_too_large_is_refused"),
    Rule(
        "Up to 10,000 calls in ten minutes are answered 401, 403 or 429",
        "429 without Via",
        "test_a_caller_with_too_many_invalid_calls_is_shut_out",
    ),
    # How often
    Rule(
        "Five messages in five seconds for each channel, and as many edits",
        "429",
        "test_a_sixth_message_in_five_seconds_is_slowed_down",
    ),
    Rule(
        "Fifty calls a second, of all routes",
        "429 global",
        "test_a_fifty_first_call_in_a_second_is_slowed_down_everywhere",
    ),
    # Where
    Rule("A channel exists", "10003", "test_an_unknown_channel_is_refused"),
    Rule("A guild exists, and the bot is in it", "10004", "test_an_unknown_guild_is_refused"),
    Rule("A user exists", "10013", "test_an_unknown_user_is_refused"),
    Rule("A member is in the guild", "10007", "test_an_unknown_member_is_refused"),
    Rule("A message exists", "10008", "test_an_unknown_message_is_refused"),
    Rule("A channel is seen by the bot", "50001", "test_a_channel_that_is_not_seen_is_refused"),
    Rule(
        "Sending messages and attaching files need a right each", "50013", "test_writing_without_the_right_is_refused"
    ),
    Rule(
        "Sending messages in threads needs its own right", "50013", "test_writing_in_a_thread_needs_a_right_of_its_own"
    ),
    Rule("Starting a thread needs the right to", "50013", "test_starting_a_thread_without_the_right_is_refused"),
    Rule(
        "Another's message is deleted only with the right to",
        "50013",
        "test_another_s_message_is_not_deleted_without_the_right",
    ),
    Rule("A direct message is open, and with a person", "50007", "test_a_closed_direct_message_is_refused"),
    Rule("A thread is started in a text channel", "50024", "test_a_thread_in_a_direct_message_is_refused"),
    Rule("In a forum messages stand in its threads alone", "50008", "test_a_message_in_a_forum_itself_is_refused"),
    # What
    Rule("Content has up to 2,000 code points", "50035", "test_a_text_too_long_is_refused"),
    Rule("Content is a string", "50035", "test_a_content_that_is_no_text_is_refused"),
    Rule("A message shows something", "50006", "test_an_empty_message_is_refused"),
    Rule("A nonce has up to 25 characters", "50035", "test_a_nonce_too_long_is_refused"),
    Rule(
        "An enforced nonce writes nothing twice, even if what it wrote was deleted",
        "10008",
        "test_a_nonce_of_a_deleted_message_is_refused",
    ),
    Rule("Each part of an embed keeps to its length", "50035", "test_an_embed_too_long_is_refused"),
    Rule("All texts of all embeds have up to 6,000 characters", "50035", "test_embeds_too_long_together_are_refused"),
    Rule("Up to ten embeds, with up to 25 fields each", "50035", "test_too_many_embeds_or_fields_are_refused"),
    Rule("Up to ten files", "50035", "test_too_many_files_are_refused"),
    Rule(
        "Components v2 need their flag; v1 has up to five rows",
        "50035",
        "test_components_of_the_second_version_need_their_flag",
    ),
    Rule(
        "Components v2: up to 40, 4,000 characters, no content, no embeds",
        "50035",
        "test_components_of_the_second_version_keep_to_their_limits",
    ),
    Rule(
        "A select menu has 1 to 25 options of 1 to 100 characters",
        "50035",
        "test_a_select_menu_keeps_to_its_limits",
    ),
    Rule(
        "A button has a name of up to 100 characters that stands once; up to five in a row",
        "50035",
        "test_a_button_keeps_to_its_limits",
    ),
    Rule("The flag of components v2 is for good", "50035", "test_a_flag_for_components_stays_on_its_message"),
    Rule(
        "Allowed mentions do not contradict themselves",
        "50035",
        "test_allowed_mentions_that_contradict_themselves_are_refused",
    ),
    Rule(
        "A reply answers a message that is there, unless it may stand alone",
        "50035",
        "test_a_reply_to_nothing_is_refused",
    ),
    Rule("A reply answers no system message", "50035", "test_a_reply_to_a_system_message_is_refused"),
    Rule("A thread is started from no system message", "50021", "test_a_thread_from_a_system_message_is_refused"),
    Rule("A bot edits its own messages", "50005", "test_another_s_message_is_not_edited"),
    Rule("History is read a hundred messages at a time", "50035", "test_a_history_of_too_many_is_refused"),
    Rule("Messages are deleted together from 2 to 100", "50035", "test_bulk_deleting_takes_two_to_a_hundred"),
    # Threads
    Rule("A thread's name has 1 to 100 characters", "50035", "test_a_thread_s_name_keeps_to_its_length"),
    Rule(
        "A thread archives after 60, 1440, 4320 or 10080 minutes, and is public or private",
        "50035",
        "test_a_thread_archives_after_one_of_four_times",
    ),
    Rule("A message has one thread", "160004", "test_a_second_thread_from_a_message_is_refused"),
    Rule("Nothing is changed in an archived thread", "50083", "test_an_archived_thread_is_not_changed"),
    Rule("A locked thread takes no message", "160005", "test_a_locked_thread_takes_nothing"),
    # On request
    Rule("A text passes the filter for harmful links", "240000", "test_a_message_is_refused_on_request"),
    Rule("A channel's own limit of writing is kept", "20028", "test_a_message_is_refused_on_request"),
    Rule("A message older than an hour is not edited too often", "30046", "test_a_message_is_refused_on_request"),
    Rule("A text passes automatic moderation", "200000", "test_a_text_may_be_blocked"),
    # Reactions and files
    Rule("An emoji is one of Unicode, or a custom one with its id", "10014", "test_an_unknown_emoji_is_refused"),
    Rule("A new reaction needs the right to add it", "50013", "test_a_new_reaction_without_the_right_is_refused"),
    Rule(
        "An attachment's address is signed, and good for a day", "404", "test_an_expired_or_changed_address_is_refused"
    ),
    # Commands and interactions
    Rule(
        "A command's name, description, options and choices keep to their form",
        "50035",
        "test_a_command_keeps_to_its_form",
    ),
    Rule("A command's name is its type's only one", "50035", "test_commands_of_one_name_are_refused"),
    Rule("Up to 100 slash commands, 15 user menus and 15 message menus", "30032", "test_too_many_commands_are_refused"),
    Rule("Up to 200 new commands a day", "30034", "test_too_many_new_commands_in_a_day_are_refused"),
    Rule("A command exists", "10063", "test_an_unknown_command_is_refused"),
    Rule("Commands are the bot's own", "20012", "test_another_application_s_commands_are_refused"),
    Rule("An interaction is answered within three seconds", "10062", "test_an_answer_after_three_seconds_is_refused"),
    Rule("An interaction has one first answer", "40060", "test_a_second_answer_is_refused"),
    Rule("An answer is of a kind that fits", "50035", "test_an_answer_of_a_kind_that_does_not_fit_is_refused"),
    Rule("A follow-up comes after the answer", "10015", "test_a_follow_up_before_the_answer_is_refused"),
    Rule("An interaction's token is good for 15 minutes", "50027", "test_a_token_after_fifteen_minutes_is_refused"),
    # The gateway
    Rule("An opcode exists", "4001", "test_an_unknown_opcode_closes_the_connection"),
    Rule("A payload is JSON of up to 4,096 bytes", "4002", "test_a_payload_that_cannot_be_read_closes_the_connection"),
    Rule("Who asks for something has identified", "4003", "test_who_has_not_identified_asks_for_nothing"),
    Rule("The token is the bot's", "4004", "test_a_wrong_token_closes_the_connection"),
    Rule("A connection identifies once", "4005", "test_identifying_twice_closes_the_connection"),
    Rule("A resume goes on from what was sent", "4007", "test_resuming_from_the_future_closes_the_connection"),
    Rule("Up to 120 payloads a minute", "4008", "test_too_many_payloads_close_the_connection"),
    Rule("A shard is one of those that there are", "4010", "test_a_shard_that_cannot_be_closes_the_connection"),
    Rule("The version is spoken", "4012", "test_an_old_version_closes_the_connection"),
    Rule("Intents are known", "4013", "test_intents_that_are_none_close_the_connection"),
    Rule("A privileged intent is switched on", "4014", "test_an_intent_that_is_not_switched_on_is_refused"),
    Rule(
        "An identify in five seconds, and a thousand a day",
        "opcode 9",
        "test_identifying_too_soon_or_too_often_is_refused",
    ),
    Rule("A session is known, and not too old", "opcode 9", "test_resuming_an_unknown_session_is_refused"),
)
