package leadline.peer;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** A lead's state, and its bytes: a head of fixed size, the newest ids by hash, the week's clicks by hour. */
final class Lead {
    static final int IDS = 64;
    private static final int HEAD_BYTES = 8 + 3 * 8 + 1 + 1 + 2;
    private static final int HOUR_BYTES = 6;

    long atMs;
    final double[] sums = new double[3];
    byte band;
    int idCount;
    long[] ids = new long[IDS];
    int hourCount;
    int[] hours = new int[8];
    short[] clicks = new short[8];

    boolean knows(long id) {
        for (int i = 0; i < idCount; i++) {
            if (ids[i] == id) {
                return true;
            }
        }
        return false;
    }

    void remember(long id) {
        if (idCount == IDS) {
            System.arraycopy(ids, 1, ids, 0, --idCount);
        }
        ids[idCount++] = id;
    }

    /** Drops the hours up to this one. */
    void forgetHours(int until) {
        int kept = 0;
        for (int i = 0; i < hourCount; i++) {
            if (hours[i] > until) {
                hours[kept] = hours[i];
                clicks[kept++] = clicks[i];
            }
        }
        hourCount = kept;
    }

    void click(int hour) {
        for (int i = 0; i < hourCount; i++) {
            if (hours[i] == hour) {
                clicks[i]++;
                return;
            }
        }
        if (hourCount == hours.length) {
            hours = Arrays.copyOf(hours, 2 * hourCount);
            clicks = Arrays.copyOf(clicks, 2 * hourCount);
        }
        hours[hourCount] = hour;
        clicks[hourCount++] = 1;
    }

    int clicksOfWeek() {
        int count = 0;
        for (int i = 0; i < hourCount; i++) {
            count += clicks[i];
        }
        return count;
    }

    static Serde<Lead> serde() {
        Serializer<Lead> serializer = (topic, lead) -> lead == null ? null : lead.bytes();
        Deserializer<Lead> deserializer = (topic, bytes) -> bytes == null ? null : of(bytes);
        return Serdes.serdeFrom(serializer, deserializer);
    }

    private byte[] bytes() {
        ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + 8 * idCount + HOUR_BYTES * hourCount);
        out.putLong(atMs);
        for (double sum : sums) {
            out.putDouble(sum);
        }
        out.put(band).put((byte) idCount).putShort((short) hourCount);
        for (int i = 0; i < idCount; i++) {
            out.putLong(ids[i]);
        }
        for (int i = 0; i < hourCount; i++) {
            out.putInt(hours[i]).putShort(clicks[i]);
        }
        return out.array();
    }

    private static Lead of(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        Lead lead = new Lead();
        lead.atMs = in.getLong();
        for (int i = 0; i < 3; i++) {
            lead.sums[i] = in.getDouble();
        }
        lead.band = in.get();
        lead.idCount = in.get();
        lead.hourCount = in.getShort();
        for (int i = 0; i < lead.idCount; i++) {
            lead.ids[i] = in.getLong();
        }
        if (lead.hourCount > lead.hours.length) {
            lead.hours = new int[lead.hourCount];
            lead.clicks = new short[lead.hourCount];
        }
        for (int i = 0; i < lead.hourCount; i++) {
            lead.hours[i] = in.getInt();
            lead.clicks[i] = in.getShort();
        }
        return lead;
    }
}
