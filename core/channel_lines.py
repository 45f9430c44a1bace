"""The last lines of channels in which the bot was asked something, as the platform's events go on telling them."""

from collections import OrderedDict
from dataclasses import dataclass, field

from core.messages import ConversationKey, Deletion, Earlier, Message
from core.ports import Platform

CHANNELS = 100  # that are followed at a time
MOST = 200  # lines of one that are held at a time

Place = tuple[str, str, str]


@dataclass(slots=True)
class _Room:
    """What is known of a channel, by message id; `is_read` once the platform told what stood there before."""

    lines: dict[str, Message | Earlier] = field(default_factory=dict)
    is_read: bool = False


class ChannelLines:
    """Knows a channel from the first question on: one call then, and none while events tell of all that is said.

    Nothing of it is written to disk, and nothing is held of a channel where nobody asks.
    """

    def __init__(self) -> None:
        self._rooms: OrderedDict[Place, _Room] = OrderedDict()

    def note_message(self, message: Message) -> None:
        """Take in what was said, or changed, at the top of a channel."""
        room = self._rooms.get(_place_of(message.key))
        if room and is_at_top(message):
            room.lines[message.id] = message
            for oldest in sorted(room.lines, key=lambda each: room.lines[each].sent_at)[:-MOST]:
                del room.lines[oldest]

    def forget_message(self, deletion: Deletion) -> None:
        """Drop a message that was taken away."""
        room = self._rooms.get((deletion.platform, deletion.workspace, deletion.channel))
        if room:
            room.lines.pop(deletion.message_id, None)

    def forget_all(self) -> None:
        """Drop every channel: the platform tells again what stands there, as far as it is read."""
        self._rooms.clear()

    async def read_before(self, message: Message, platform: Platform, most: int, since: float) -> list[Earlier]:
        """Return the last `most` lines of a message's channel before it, oldest first, none older than `since`.

        Raises PlatformError as the platform does.
        """
        room = self._rooms.setdefault(_place_of(message.key), _Room())
        self._rooms.move_to_end(_place_of(message.key))
        if len(self._rooms) > CHANNELS:
            self._rooms.popitem(last=False)
        if not room.is_read:
            fetched = await platform.fetch_earlier(message, most, since)
            room.lines = {**{line.message_id: line for line in fetched}, **room.lines}
            room.is_read = True
        room.lines.setdefault(message.id, to_earlier(message))
        newest = sorted(room.lines.items(), key=lambda item: item[1].sent_at)
        before = [name for name, line in newest if since <= line.sent_at < message.sent_at and name != message.id]
        return [await self._read_line(room, name, platform) for name in before[-most:]]

    async def _read_line(self, room: _Room, name: str, platform: Platform) -> Earlier:
        """Return a line with names, which are asked for once."""
        said = room.lines[name]
        if isinstance(said, Earlier):
            return said
        line = to_earlier(await platform.resolve_names(said))
        if room.lines.get(name) is said:  # neither edited nor deleted meanwhile
            room.lines[name] = line
        return line


def is_at_top(message: Message) -> bool:
    """Whether a message stands in a channel itself, and begins a conversation."""
    return message.key.thread == message.id


def to_earlier(message: Message) -> Earlier:
    """Return a message with names as a line that others said."""
    return Earlier(
        message.author,
        message.text,
        message.id,
        message.sent_at,
        attachments=message.attachments,
        quotations=message.quotations,
    )


def _place_of(key: ConversationKey) -> Place:
    return key.platform, key.workspace, key.channel
