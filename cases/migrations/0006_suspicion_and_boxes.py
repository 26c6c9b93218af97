from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0005_volumes'),
    ]

    operations = [
        migrations.AddField(
            model_name='series',
            name='patient_key',
            field=models.CharField(blank=True, default='', max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='series',
            name='frame_of_reference',
            field=models.CharField(blank=True, default='', max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='instance',
            name='arrived_digest',
            field=models.CharField(blank=True, default='', max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='instance',
            name='suspicion',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='instance',
            name='boxes',
            field=models.JSONField(default=list),
        ),
    ]
