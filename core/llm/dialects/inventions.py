"""What transcribers write where nobody speaks: sounds that they name, credits of subtitles, farewells of films."""

import re2

# Sounds in parentheses, by how they begin.
SOUNDS = (
    "music", "musik", "musique", "música", "musica", "музыка", "音楽", "音乐", "applau", "aplausos", "аплодисменты",
    "laugh", "lachen", "rires", "risas", "silence", "stille", "silencio", "тишина", "noise", "background", "inaudible",
    "unintelligible", "unverständlich", "cough", "sigh", "breath", "static", "wind", "beep", "click", "typing",
    "keyboard", "engine", "blank", "no speech", "no audio", "speaking in foreign", "speaks", "footsteps", "sound",
)  # fmt: skip
# Or how they end, as in `(upbeat music)`.
ENDING_SOUNDS = (
    "music", "laugh", "applau", "noise", "silence", "cheer", "chatter", "clicking", "chirping", "running", "barking",
    "ringing", "breathing", "slams", "playing", "rumbling", "beeping", "buzzing", "humming",
)  # fmt: skip
MOST_WORDS = 4  # of a sound that ends so

# Credits of the subtitles that models learnt from: nobody says them in a voice note, so that they go from anywhere.
CREDITS = re2.compile(
    r"dimatorzok|amara ?org|субтитры (?:сделал|создавал|подогнал|делал|и редактор|и перевод)|редактор субтитров"
    r"|\bкорректор \S |субтитри (?:створ|зроб)|sous titr\w+ (?:réalisé|par|société|fr|st \d)|sous ?titreur com"
    r"|untertitel(?:ung)? (?:der|des|im auftrag|aufgrund|bbd)|untertitel von stephanie geiges"
    r"|subtitles? (?:made |created )?by"
    r"|(?:transcri(?:bed|ption)|translat(?:ed|ion)) by (?:https|otter|eso|cast|releska)"
    r"|captions? by|altyazı|subtítulos (?:realizados|por|hechos)|legendas? (?:pela|por)"
    r"|sottotitoli (?:creati|e revisione|a cura)|ondertitel\w* (?:ingediend|door|tv gelderland)"
    r"|napisy (?:stworzone|by)|undertekster a[vf]|(?:danske|norske) tekster a[vf]|tekstet a[vf] |titulky vytvořil"
    r"|textning (?:\S+ ){1,3}www|felirat\w* az amara|subtitra\w* (?:de )?amara|υπότιτλοι authorwave"
    r"|字幕 ?(?:by|由|製作|志愿|志願|制作|組)|(?:社群|社区)提供的字幕|请不吝点赞|請不吝點贊"
    r"|優優獨播劇場|yoyo television series"
    r"|mbc 뉴스|자막 ?(?:제공|by )|copyright (?:wdr|zdf|ard|br) |swr 20\d\d|zdf für funk"
    r"|^www [a-z ]{2,30} (?:com|org|de|fr|tv)$"
)

# A sentence that is one of these, from its beginning to its end, is invented where all others are such as well: said
# beside anything else, it stays. In lower case and without signs; one pattern a line.
FAREWELLS = r"""
    thank(?:s| you)(?: (?:so much|very much|everyone|guys))* for (?:listening|viewing|tuning in|your attention)
    thank(?:s| you)(?: (?:so much|very much|everyone))* for watching(?: (?:this|my|our|the) (?:video|channel))?
    thank(?:s| you)(?: (?:so much|very much|everyone|guys))* for watching and (?:see|dont|please) .{0,40}
    (?:danke|vielen dank|herzlichen dank)(?: \w+)? ?fürs? (?:zuschauen|zusehen|zuhören)
    (?:danke|vielen dank)(?: \w+)? für (?:das|ihr|euer|eure|ihre) (?:zuschauen|zusehen|aufmerksamkeit|interesse)
    das wars für heute(?: tschüss)?
    merci d ?avoir (?:regardé|écouté)(?: (?:cette|ma|la) vidéo)?(?: .{0,20})?
    (?:muchas )?gracias por (?:ver|vernos|mirar|su atención)(?: (?:el|este|mi) v[ií]deo)?(?: hasta .{0,20})?
    (?:muito )?obrigad[oa] (?:por|pela) (?:assistir(?:em)?|atenção|ter assistido)(?: .{0,20})?
    grazie (?:per (?:la visione|aver guardato|l ?attenzione|l ?ascolto)|a tutti)(?: (?:il|questo) video)?
    (?:hartelijk )?(?:bedankt|dank)(?: je| u| jullie)? voor (?:het|uw|jullie) (?:kijken|luisteren|aandacht)
    dzi[eę]kuj[eę](?: bardzo| wam| państwu)? za (?:uwagę|obejrzenie|oglądanie|wysłuchanie)
    tack för (?:att (?:ni|du) (?:tittade|har tittat|lyssnade)|titten)
    ta(?:kk|k) (?:for at du så(?: på| med)?|fordi du så med)
    kiitos kun katsoit(?:te)?
    děkuji? za (?:pozornost|sledování|zhlédnutí)
    ďakujem za (?:pozornosť|sledovanie)
    köszönöm (?:a figyelmet|hogy (?:meg)?néz\S+)
    v[aă] mul[tț]umi\w+ pentru vizionare
    hvala (?:što (?:pratite|ste)|na) .{0,20}
    i̇?zlediğiniz için teşekkür(?:ler| ederi[mz])
    благодаря за (?:гледането|вниманието)
    ευχαριστώ που παρακολουθήσατε
    (?:спасибо|дякую|дякуємо) за (?:просмотр|внимание|перегляд|увагу)
    aitäh vaatamast
    paldies ka skatījāties
    ačiū kad žiūrėjote
    ご(?:視聴|清聴|覧)(?:いただき|頂き)?(?: )?(?:誠に)?ありがとうござい(?:ました|ます)
    最後まで(?:ご視聴|ご覧)(?:いただき|頂き|くださり)? ?(?:誠に)?ありがとうござい(?:ました|ます)
    (?:多?[谢謝][谢謝]?|感[谢謝])(?:大家|您|你|你们|您的|大家的|各位)?(?:的)?(?:[观觀]看|收看|收[听聽])
    시청(?:해 ?주셔서|해주신)? ?감사합니다
    תודה(?: רבה)? (?:על הצפייה|שצפיתם)
    شكراً?(?: لكم)? ?(?:على |ل)?(?:ال)?مشاهد\S*
    देखने के लिए (?:बहुत )?(?:धन्यवाद|शुक्रिया)
    ขอบคุณที่(?:รับชม|ติดตาม)(?:ครับ|ค่ะ)?
    terima kasih (?:telah|sudah|kerana|karena) menonton
    cảm ơn (?:các )?(?:bạn )?đã (?:xem|theo dõi)(?: .{0,30})?
    (?:and |so |please |dont forget to )*(?:(?:like|comment|share|subscribe|and)(?: |$))+(?:to (?:my|our|the) channel)?
    (?:and |so |please |dont forget to )*hit the bell(?: icon| button)?
    (?:bitte )?abonnier(?:t|en sie) .{0,20}kanal
    (?:n ?oubliez pas de vous )?abonne[rz]?(?: vous)?(?: à la chaîne)?
    suscr[ií]bete?n?(?: al canal| a mi canal)?(?: y activa .{0,20})?
    (?:se )?inscrevam? ?(?:se)?(?: no (?:canal|meu canal))?
    iscriv(?:iti|etevi) al (?:mio |nostro )?canale
    abone ol.{0,60}
    (?:ставьте лайки и )?подпис(?:ывайтесь|уйтесь) на (?:мой |наш |наш |мій )?канал
    subskrybuj(?:cie)?(?: kanał)?
    nu uitați să vă abonați
    jangan lupa (?:like |dan )*subscribe.{0,20}
    hãy subscribe .{0,90}
    チャンネル登録(?:を)?(?: ?よろしく)?お願い(?:いた)?します
    (?:欢迎|歡迎)(?:订阅|訂閱)(?:我的)?(?:频道|頻道)
    구독(?:과|이랑)? ?(?:좋아요)? ?부탁드(?:립니다|려요|릴게요)?
    اشتركوا في القناة
    تابعونا
    सब्सक्राइब करें
    (?:kanal\w* )?pratite
    (?:and )?(?:i ?ll )?see (?:you|ya)(?: guys| all)? (?:in the |in my )?next (?:time|video|one|week|episode)(?: bye)*
    (?:bis|wir sehen uns) (?:zum |im )?nächsten? (?:mal|video)
    à la prochaine
    à bientôt (?:pour|dans) .{0,20}vidéo
    tot de volgende keer
    (?:nos vemos|hasta) en el próximo v[ií]deo
    até (?:o|ao) próximo vídeo
    (?:ci vediamo )?(?:al|nel) prossimo video
    bir sonraki videoda görüş\S+(?: üzere)?
    до (?:новых встреч|встречи в следующ\S+ \S+)
    продолжение следует
    далі буде
    (?:次|また次)(?:回|の動画)(?:で|も|を)?(?:お会い|お楽しみに|楽しみに)(?:しましょう|してください|しています)?
    (?:我们|我們)?下期(?:再)?[见見]
    다음 (?:영상|시간|비디오)에(?:서)? ?(?:만나요|뵙겠습니다|봬요)
    अगले वीडियो में मिल\S+(?: हैं)?
    โปรดติดตามตอนต่อไป
    to be continued
    the end
    well be right back
    you( you)?
    subtitles
    untertitel
    sous titres
    textning
    tekstitys
    titl
    ترجمة نانسي قنقر
    ترجمه و زیرنویس
    多谢您的观看
    תרגום \S{1,20}
    e aí pessoal tchau tchau
    bye bye
""".splitlines()
FAREWELL = re2.compile("|".join(f"^(?:{each.strip()})$" for each in FAREWELLS if each.strip()))
