package leadline.peer;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.List;

/** The rule of rule.py, with the same constants and the same results. */
final class Rule {
    static final List<String> TOPICS = List.of("email.opens", "email.clicks", "webinar.signups");
    private static final int CLICKS = 1;

    private static final long HOUR_MS = 3_600_000;
    private static final double DAY_MS = 24.0 * HOUR_MS;
    private static final double[] POINTS = {2, 6, 25};
    private static final double[] HALF_LIVES_MS = {7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS};
    private static final double MAIL_MAX = 25;
    private static final double EVENTS_MAX = 40;
    private static final double SCORE_MAX = 100;
    private static final int WEEK_HOURS = 7 * 24;
    private static final String[] BANDS = {"cold", "warm", "hot"};
    private static final double[] ENTER = {0, 40, 70};
    private static final double[] LEAVE = {0, 32, 60};
    private static final int ID_LENGTH_MAX = 200;
    private static final long EARLIEST_MS = 946_684_800_000L;

    private final ObjectReader events = new ObjectMapper().readerFor(Event.class);
    private final ObjectWriter changes = new ObjectMapper().writerFor(Change.class);

    /** The members of an event that the rule asks for. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Event(
            @JsonProperty("id") String id,
            @JsonProperty("lead_id") String leadId,
            @JsonProperty("occurred_at") String occurredAt) {}

    /** A change of band, as it is published. */
    record Change(
            @JsonProperty("lead_id") String leadId,
            @JsonProperty("from") String from,
            @JsonProperty("to") String to,
            @JsonProperty("score") double score,
            @JsonProperty("occurred_ms") long occurredMs) {}

    /** What an event came to. No lead: a repeat, nothing to save. No change: the band holds. */
    record Told(Lead lead, byte[] change) {
        static final Told REPEAT = new Told(null, null);
    }

    /** Raises IllegalArgumentException for an event that cannot be scored. */
    Told apply(Lead known, String topic, byte[] value) {
        Event event = read(value);
        long occurredMs = checked(event);
        long id = hash(event.id);
        Lead lead = known;
        if (lead == null) {
            lead = new Lead();
            lead.atMs = occurredMs;
        } else if (lead.knows(id)) {
            return Told.REPEAT;
        }
        lead.remember(id);
        advance(lead, occurredMs);
        int place = TOPICS.indexOf(topic);
        lead.sums[place] += faded(lead.atMs - occurredMs, place);
        int firstHour = (int) (lead.atMs / HOUR_MS) - WEEK_HOURS;
        lead.forgetHours(firstHour);
        int hour = (int) (occurredMs / HOUR_MS);
        if (place == CLICKS && hour > firstHour) {
            lead.click(hour);
        }
        return new Told(lead, settle(lead, event.leadId));
    }

    private Event read(byte[] value) {
        try {
            return events.readValue(value);
        } catch (IOException notJson) {
            throw new IllegalArgumentException(notJson);
        }
    }

    private static long checked(Event event) {
        if (isNoId(event.id) || isNoId(event.leadId) || event.occurredAt == null) {
            throw new IllegalArgumentException("id, lead_id or occurred_at");
        }
        try {
            long occurredMs = OffsetDateTime.parse(event.occurredAt).toInstant().toEpochMilli();
            if (occurredMs >= EARLIEST_MS) {
                return occurredMs;
            }
        } catch (DateTimeException notAnInstant) {
            throw new IllegalArgumentException(notAnInstant);
        }
        throw new IllegalArgumentException("occurred_at");
    }

    private static boolean isNoId(String text) {
        return text == null || text.isEmpty() || text.length() > ID_LENGTH_MAX;
    }

    /** FNV-1a. */
    private static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }

    private static void advance(Lead lead, long occurredMs) {
        long passedMs = occurredMs - lead.atMs;
        if (passedMs > 0) {
            for (int place = 0; place < POINTS.length; place++) {
                lead.sums[place] *= faded(passedMs, place);
            }
            lead.atMs = occurredMs;
        }
    }

    private static double faded(long ageMs, int place) {
        return Math.pow(2, -ageMs / HALF_LIVES_MS[place]);
    }

    private static double score(Lead lead) {
        double mail = Math.min(POINTS[0] * lead.sums[0] + POINTS[1] * lead.sums[1], MAIL_MAX);
        double signups = Math.min(POINTS[2] * lead.sums[2], EVENTS_MAX);
        int week = lead.clicksOfWeek();
        double busy = week >= 6 ? 10 : week >= 3 ? 5 : 0;
        return Math.round(Math.min(mail + signups + busy, SCORE_MAX) * 1e6) / 1e6;
    }

    private byte[] settle(Lead lead, String leadId) {
        int before = lead.band;
        double points = score(lead);
        int band = before;
        while (band + 1 < BANDS.length && points >= ENTER[band + 1]) {
            band++;
        }
        if (band == before) {
            while (band > 0 && points < LEAVE[band]) {
                band--;
            }
        }
        if (band == before) {
            return null;
        }
        lead.band = (byte) band;
        try {
            return changes.writeValueAsBytes(new Change(leadId, BANDS[before], BANDS[band], points, lead.atMs));
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
